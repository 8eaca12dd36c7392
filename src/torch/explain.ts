import { native } from "./native";

/** A call as it reaches LibTorch: the overload that was picked and all that it is passed. */
export interface ExplainedCall {
  /** "aten::add" */
  readonly name: string;
  /** "Tensor"; empty for an operator's plain form. */
  readonly overload: string;
  /** By the schema's names, in its order, defaults filled in; null for those that are None. */
  readonly arguments: ReadonlyMap<string, unknown>;
}

/**
 * What the first operator that a function calls would be called with: it does not run.
 *
 *     torch.explain(() => x.sum(0)).overload // "dim_IntList"
 *
 * Throws TypeError for arguments that no overload takes, and when the function calls no operator.
 */
export function explain(fn: () => unknown): ExplainedCall {
  if (typeof fn !== "function") {
    throw new TypeError(`torch.explain: expected a function, given ${String(fn)}`);
  }
  const call = native.explain(fn);
  if (call) return { ...call, arguments: new Map(call.arguments) };
  throw new TypeError("torch.explain: expected a function that calls an operator");
}
