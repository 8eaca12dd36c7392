import type { Tensor } from "../torch";
import * as torch from "../torch";

/** The numbers of several tensors of one device, by one copy from there: the step waits for it once. */
export function readTogether<K extends string>(
  tensors: Readonly<Record<K, Tensor>>,
): Record<K, number[]> {
  const named = Object.entries<Tensor>(tensors);
  const values = torch.scope(() =>
    torch.cat(named.map(([, tensor]) => tensor.detach().to("float64").flatten())).toTypedArray(),
  );
  let next = 0;
  const read = named.map(([name, tensor]) => {
    const from = next;
    next += tensor.numel();
    return [name, Array.from(values.slice(from, next), Number)];
  });
  return Object.fromEntries(read) as Record<K, number[]>;
}
