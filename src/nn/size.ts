/** One number for all spatial dimensions, or one for each. */
export type Size = number | readonly number[];

/** A size as one number a dimension; throws RangeError for another number of them. */
export function perDimension(size: Size, dims: number, what: string): readonly number[] {
  const sizes = typeof size === "number" ? Array.from({ length: dims }, () => size) : [...size];
  if (sizes.length === dims && sizes.every(Number.isInteger)) return sizes;
  throw new RangeError(`${what} takes one whole number or ${dims} of them, given [${sizes}]`);
}
