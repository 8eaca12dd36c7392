import type { AdaptedModel, Alternative, Inputs, Policy } from "../../src/adaptive";
import { Module, Parameter } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/**
 * For the names in a model that has alternative k alone, the names in one that has all: weights of
 * the alternative are there below its name, unless they keep the site's.
 */
export function namesWithout(
  adapted: AdaptedModel,
  fixed: AdaptedModel,
  what: readonly Alternative[],
  k: number,
): Map<string, string> {
  const known = new Set(Object.keys(fixed.stateDict()));
  const others = what.filter((_, one) => one !== k).map(({ name }) => `.${name}.`);
  const infix = `.${what[k].name}.`;
  const names = Object.keys(adapted.stateDict()).filter(
    (name) => !name.startsWith("policy.") && !others.some((other) => name.includes(other)),
  );
  const own = names.filter((name) => name.includes(infix));
  return new Map([...names, ...own].map((name) => [plainName(name, infix, known), name]));
}

/** A name without an alternative's; also without that of a place that has none in the state. */
function plainName(name: string, infix: string, known: ReadonlySet<string>): string {
  const at = name.indexOf(infix);
  if (at < 0) return name;
  const without = `${name.slice(0, at)}.${name.slice(at + infix.length)}`;
  if (known.has(without)) return without;
  return `${name.slice(0, name.lastIndexOf(".", at - 1))}.${name.slice(at + infix.length)}`;
}

/** Outputs whose padding is zeros, as packed models have it and padded ones do not. */
export function zeroAtPadding(outputs: Record<string, Tensor>, inputs: Inputs) {
  const masks = { hidden: "attentionMask", language: "attentionMask", vision: "regionMask" };
  const zeroed = Object.entries(masks).flatMap(([name, key]) => {
    const [output, mask] = [outputs[name], inputs[key]];
    return output && mask ? [[name, output.mul(mask.to(output.dtype).unsqueeze(-1))]] : [];
  });
  return { ...outputs, ...Object.fromEntries(zeroed) } as Record<string, Tensor>;
}

/** Logits [B,N,K] that are parameters themselves. */
export class TablePolicy extends Module implements Policy {
  readonly table: Parameter;

  constructor(batch: number, sites: number, alternatives: number) {
    super();
    this.table = new Parameter(torch.zeros([batch, sites, alternatives]));
  }

  override forward(): Tensor {
    return this.table;
  }
}
