import { isComplexNumber } from "./dtype";
import { describe, unknownOption } from "./errors";
import { Generator } from "./random";
import { Tensor } from "./tensor";

/** Whether a value is an object of options, and none of the values that a call may end with. */
export function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (value instanceof Tensor || value instanceof Generator) return false;
  return !ArrayBuffer.isView(value) && !isComplexNumber(value);
}

/**
 * The arguments of a call by name, given by position or, from any of them on, in an object at the end, as those
 * of operators are. Throws TypeError for too many, and for names that are unknown or given twice.
 */
export function byName(
  what: string,
  names: readonly string[],
  args: readonly unknown[],
): Readonly<Record<string, unknown>> {
  const options = isOptions(args.at(-1)) ? (args.at(-1) as Readonly<Record<string, unknown>>) : {};
  const positional = isOptions(args.at(-1)) ? args.slice(0, -1) : args;
  if (positional.length > names.length) {
    throw new TypeError(
      `${what}: expected at most ${names.length} arguments (${names.join(", ")}), given ` +
        `${positional.length}`,
    );
  }
  const given: Record<string, unknown> = {};
  for (const [n, value] of positional.entries()) {
    if (value !== undefined) given[names[n]] = value;
  }
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) throw unknownOption(what, name, names);
    if (name in given) throw new TypeError(`${what}: expected '${name}' once, given twice`);
    if (value !== undefined) given[name] = value;
  }
  return given;
}

/** Tensors that are given one by one or as one array. Throws TypeError for what is none. */
export function tensorsOf(what: string, args: readonly unknown[]): readonly Tensor[] {
  const list = args.length === 1 && Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const bad = list.findIndex((value) => !(value instanceof Tensor));
  if (bad < 0) return list as readonly Tensor[];
  throw new TypeError(
    `${what}: expected Tensors or an array of them, given ${describe(list[bad])} at ${bad}`,
  );
}
