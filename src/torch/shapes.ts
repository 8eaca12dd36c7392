import { describe } from "./errors";
import { Tensor } from "./tensor";

/** Whether a value is a Tensor, disposed or not. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/** The shape to which all of them broadcast. Throws TypeError when they do not. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const result: number[] = [];
  for (const shape of shapes) {
    if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new TypeError(
        `broadcastShapes: expected shapes of sizes of at least 0, given ${describe(shape)}`,
      );
    }
    for (let at = 1; at <= shape.length; at++) {
      const size: number = shape[shape.length - at];
      const known = result[result.length - at];
      if (known === undefined) result.unshift(size);
      else if (known === 1) result[result.length - at] = size;
      else if (size !== 1 && size !== known) {
        const all = shapes.map((one) => `[${one.join(", ")}]`).join(", ");
        throw new TypeError(
          `broadcastShapes: expected shapes that broadcast, given ${all}: ${known} and ${size} at -${at}`,
        );
      }
    }
  }
  return result;
}
