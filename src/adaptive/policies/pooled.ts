import { GELU, LayerNorm, Linear, Module, Sequential, sendToDevice } from "../../nn";
import type { Tensor } from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";
import {
  type EmbeddingOptions,
  type Embeds,
  embedderIn,
  embeddingsFor,
  type Inputs,
  keptEmbeddings,
  type Policy,
  type PolicyContext,
} from "./policy";
import { type Start, startAt } from "./start";

/** The size of a perceptron on pooled embeddings and where it starts. */
export interface PooledPolicyOptions extends EmbeddingOptions {
  readonly kind: "pooled";
  /** Width of each hidden layer; one as wide as the embeddings by default. */
  readonly hiddenSizes?: readonly number[];
  /** The probability with which every site starts at an alternative; undecided by default. */
  readonly initially?: Start;
}

/**
 * A perceptron on the mean of an input's embeddings: the cheapest policy that sees the input.
 *
 *     embeddings [B,S,D] -> mean of what is present [B,D] -> norm, layers -> logits [B,N,K]
 */
export class PooledPolicy extends Module implements Policy {
  readonly layers: Sequential;
  readonly output: Linear;

  /** `width` is D. Throws when the initial bias names no alternative or no probability. */
  constructor(
    private readonly space: DecisionSpace,
    width: number,
    private readonly embeddings: (Module & Embeds) | null,
    options: PooledPolicyOptions = { kind: "pooled" },
  ) {
    const { hiddenSizes = [width], initially } = checkOptions(new.target.name, options, [
      "kind",
      "hiddenSizes",
      "initially",
      "embeddings",
    ]);
    super();
    const widths = [width, ...hiddenSizes];
    this.layers = new Sequential(
      new LayerNorm(width),
      ...hiddenSizes.flatMap((size, n) => [new Linear(widths[n], size), new GELU()]),
    );
    this.output = new Linear(widths.at(-1)!, space.sites.length * space.alternatives.length);
    startAt(this.output, space, initially);
  }

  override forward(inputs: Inputs, backbone: Module): Tensor {
    const embeds = this.embeddings ?? embedderIn(backbone);
    const { hidden, mask } = embeddingsFor(this.output.weight, embeds, inputs);
    const added = sendToDevice(mask, hidden.device);
    const present = added.view([mask.shape[0], -1, 1]).exp().to(hidden.dtype); // [B,S,1]: 0 or 1
    const pooled = hidden.mul(present).sum(1).div(present.sum(1)); // [B,D]
    const logits = this.output.forward(this.layers.forward(pooled));
    return logits.view([-1, this.space.sites.length, this.space.alternatives.length]);
  }

  /** The embeddings that it keeps never drop anything. */
  override train(mode = true): this {
    super.train(mode);
    this.embeddings?.eval();
    return this;
  }
}

/** A perceptron for a model's decisions. */
export function pooledPolicy(context: PolicyContext, options: PooledPolicyOptions): PooledPolicy {
  const kept = keptEmbeddings(context, options.embeddings);
  return new PooledPolicy(context.space, context.width(), kept, options);
}
