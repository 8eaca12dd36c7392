import { describe } from "./errors";
import { Tensor } from "./tensor";

/** Whether a value is a Tensor, disposed or not. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/** The shape to which all of them broadcast. Throws TypeError when they do not. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  for (const shape of shapes) {
    if (Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0))
      continue;
    throw new TypeError(
      `broadcastShapes: expected shapes of sizes of at least 0, given ${describe(shape)}`,
    );
  }
  const length = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
  const result: number[] = new Array(length).fill(1);
  for (const shape of shapes) {
    const missing = length - shape.length;
    for (const [n, size] of shape.entries()) {
      const known = result[missing + n];
      if (known === 1) result[missing + n] = size;
      else if (size !== 1 && size !== known) {
        throw new TypeError(
          `broadcastShapes: expected shapes that broadcast, given ${texts(shapes)}: ${known} and ` +
            `${size} at ${n - shape.length}`,
        );
      }
    }
  }
  return result;
}

function texts(shapes: readonly (readonly number[])[]): string {
  const most = 8;
  const each = shapes.slice(0, most).map((shape) => {
    const sizes = shape.slice(0, most).join(", ");
    return shape.length > most ? `[${sizes}, ... ${shape.length} sizes]` : `[${sizes}]`;
  });
  return each.join(", ") + (shapes.length > most ? `, ... ${shapes.length} shapes` : "");
}
