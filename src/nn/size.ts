/** One number for all spatial dimensions, or one for each. */
export type Size = number | readonly number[];

/** A size as one number a dimension; throws RangeError for another number of them. */
export function perDimension(size: Size, dims: number, what: string): readonly number[] {
  const sizes = typeof size === "number" ? Array.from({ length: dims }, () => size) : size;
  if (Array.isArray(sizes) && sizes.length === dims && sizes.every(Number.isInteger)) {
    return [...sizes];
  }
  throw new RangeError(`${what} takes one whole number or ${dims} of them, given [${sizes}]`);
}

/** Each takes memory, however small it is. */
const mostLayers = 10_000;

/** Throws RangeError unless a number of layers is a whole one of `least` to 10,000. */
export function checkLayers(what: string, count: number, least = 1): void {
  if (Number.isInteger(count) && count >= least && count <= mostLayers) return;
  throw new RangeError(
    `${what}: numLayers is a whole number of ${least} to ${mostLayers}, given ${count}`,
  );
}
