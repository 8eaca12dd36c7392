import { didYouMean } from "./nearest";

/**
 * An operation that LibTorch refused: shapes that do not fit, a dtype without an implementation,
 * memory that is not there. The message starts with the operator and ends with what it was given.
 */
export class TorchError extends Error {
  override name = "TorchError";
}

/** The first argument as it reads in a message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (typeof value === "object") return `an object of ${value.constructor?.name ?? "no class"}`;
  return String(value);
}

/** Modes and scopes end when the function returns, so what it does later would run outside them. */
export function refuseAsync(what: string, result: unknown): void {
  const then = (result as { then?: unknown } | null | undefined)?.then;
  if (typeof then !== "function") return;
  // The promise is nobody's any more; its failure must not end the process.
  (result as Promise<unknown>).then(undefined, () => {});
  throw new TypeError(
    `${what}: expected a synchronous function, given one that returns a Promise. ` +
      "Await first, then compute inside.",
  );
}

/**
 * The options of a function or class, as they were given.
 *
 * Throws TypeError for what is no object of options, and for a name that is not known, with the nearest.
 */
export function checkOptions<O>(what: string, options: O, known: readonly string[]): O {
  if (!isPlain(options)) {
    throw new TypeError(
      `${what}: argument 'options': expected an object, given ${describe(options)}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw unknownOption(what, name, known);
  }
  return options;
}

/** The TypeError for an option that is not known, with the nearest that is. */
export function unknownOption(what: string, name: string, known: readonly string[]): TypeError {
  const meant = didYouMean(name, known);
  const expected = `${what}: expected the options ${known.join(", ")}, given '${name}'`;
  return new TypeError(meant ? `${expected}: did you mean '${meant}'?` : expected);
}

/** Whether a value is an object as braces make it: no array, no Tensor, nothing of another class. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
