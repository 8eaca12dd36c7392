import * as torch from "../../torch";
import { describe } from "../../torch/errors";
import { byName } from "../../torch/named-arguments";

/**
 * What a function of Python takes after its tensors: by position in the order of the names, or from any of them
 * on by name in an object at the end.
 */
export type Named<Names extends readonly PropertyKey[], Options> = Names extends readonly [
  infer First extends keyof Options,
  ...infer Rest extends readonly PropertyKey[],
]
  ? [options?: Options] | [Options[First]?, ...Named<Rest, Omit<Options, First>>]
  : [options?: Options];

/**
 * Such arguments by name; `names` are apart by spaces, `tensors` what came before them. Throws TypeError for
 * others, and for what is no Tensor.
 */
export function named<Options extends object>(
  what: string,
  names: string,
  args: readonly unknown[],
  tensors: Readonly<Record<string, unknown>> = {},
): Options {
  requireTensors(what, tensors);
  return byName(what, names.split(" "), args) as Options;
}

/** Throws TypeError for what is no Tensor, by the argument's name. */
export function requireTensors(what: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value instanceof torch.Tensor) continue;
    throw new TypeError(`${what}: argument '${name}': expected a Tensor, given ${describe(value)}`);
  }
}
