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

/** Such arguments by name; `names` are apart by spaces. Throws TypeError for others. */
export function named<Options extends object>(
  what: string,
  names: string,
  args: readonly unknown[],
): Options {
  return byName(what, names.split(" "), args) as Options;
}
