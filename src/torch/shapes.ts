import { operator } from "./dispatch";
import { describe } from "./errors";
import { isSizes } from "./io/dtypes";
import { scope } from "./memory";
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

/**
 * Where elements are, by their numbers in row-major order: indices [..] of integers -> a tensor [..] for each
 * dimension of the shape. Throws TypeError for other dtypes, and for what is no shape.
 */
export function unravelIndex(indices: Tensor, shape: number | readonly number[]): Tensor[] {
  if (!/^u?int/.test(indices.dtype)) {
    throw new TypeError(`unravelIndex: expected indices of integers, given ${indices.dtype}`);
  }
  const sizes = typeof shape === "number" ? [shape] : shape;
  if (!isSizes(sizes)) {
    throw new TypeError(
      `unravelIndex: expected a shape of at most 64 sizes, given ${describe(shape)}`,
    );
  }
  return scope(() => {
    let step = 1;
    const found: Tensor[] = [];
    for (const size of [...sizes].reverse()) {
      const places = divide(indices, step, { roundingMode: "floor" }) as Tensor;
      found.unshift(remainder(places, size) as Tensor);
      step *= size;
    }
    return found.map((places) => places.to("int64"));
  });
}

const divide = operator("aten::div");
const remainder = operator("aten::remainder");
