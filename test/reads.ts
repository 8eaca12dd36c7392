import { Tensor } from "../src/torch";

/** Runs something and counts how often numbers were read from tensors. */
export function countReads(run: () => void): number {
  const { item, toTypedArray, toArray } = Tensor.prototype;
  let reads = 0;
  const counted = <F extends (this: Tensor) => unknown>(read: F) =>
    function (this: Tensor) {
      reads++;
      return read.call(this);
    };
  Object.assign(Tensor.prototype, {
    item: counted(item),
    toTypedArray: counted(toTypedArray),
    toArray: counted(toArray),
  });
  try {
    run();
  } finally {
    Object.assign(Tensor.prototype, { item, toTypedArray, toArray });
  }
  return reads;
}
