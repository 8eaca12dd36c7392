import { BertLayer, readThroughBlocks } from "../../models";
import { LayerNorm, Linear, Module, ModuleList } from "../../nn";
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

/** The size of a policy network's blocks. */
export interface BlockOptions {
  /** Width W of the blocks; the embeddings' width D by default. */
  readonly hiddenSize?: number;
  /** Attention heads; one for every 64 of W by default. */
  readonly heads?: number;
  /** Feed-forward width; 2 W by default. */
  readonly intermediateSize?: number;
  /** Dropout in the blocks; 0 by default, as the gate's noise explores already. */
  readonly dropout?: number;
}

/** The size of a policy network and where it starts. */
export interface TransformerPolicyOptions extends BlockOptions, EmbeddingOptions {
  readonly kind?: "transformer";
  /** Transformer blocks; 1 by default. */
  readonly layers?: number;
  /** The probability with which every site starts at an alternative; undecided by default. */
  readonly initially?: Start;
}

/**
 * A small transformer on the backbone's embeddings that scores the alternatives of every site.
 *
 *     embeddings [B,S,D] -> Linear, norm [B,S,W] -> blocks -> [CLS] [B,W] -> logits [B,N,K]
 *
 * On VL-BERT this is a small VL-BERT. Frozen embeddings are shared with the backbone, which makes
 * the policy small; where they train, it keeps their pretrained state as `embeddings`, so that what
 * it sees does not move.
 */
export class PolicyNetwork extends Module implements Policy {
  readonly project: Linear;
  readonly LayerNorm: LayerNorm;
  readonly layer: ModuleList<BertLayer>;
  readonly output: Linear;

  /** `width` is D. Throws when the initial bias names no alternative or no probability. */
  constructor(
    private readonly space: DecisionSpace,
    width: number,
    private readonly embeddings: (Module & Embeds) | null,
    options: TransformerPolicyOptions = {},
  ) {
    const {
      layers = 1,
      initially,
      ...blocks
    } = checkOptions(new.target.name, options, [
      "kind",
      "layers",
      "initially",
      "hiddenSize",
      "heads",
      "intermediateSize",
      "dropout",
      "embeddings",
    ]);
    super();
    const size = blockSize(width, blocks);
    this.project = new Linear(width, size.hidden_size);
    this.LayerNorm = new LayerNorm(size.hidden_size);
    this.layer = new ModuleList(Array.from({ length: layers }, () => new BertLayer(size)));
    this.output = new Linear(size.hidden_size, space.sites.length * space.alternatives.length);
    startAt(this.output, space, initially);
  }

  override forward(inputs: Inputs, backbone: Module): Tensor {
    const embeds = this.embeddings ?? embedderIn(backbone);
    const { hidden, mask } = embeddingsFor(this.project.weight, embeds, inputs);
    const state = this.LayerNorm.forward(this.project.forward(hidden)); // [B,S,W]
    const read = readThroughBlocks(this.layer, state, mask, 0); // [B,W]
    const logits = this.output.forward(read); // [B,N*K]
    return logits.view([-1, this.space.sites.length, this.space.alternatives.length]);
  }

  /** The embeddings that it keeps never drop anything. */
  override train(mode = true): this {
    super.train(mode);
    this.embeddings?.eval();
    return this;
  }
}

/** A small transformer for a model's decisions. */
export function transformerPolicy(context: PolicyContext, options: TransformerPolicyOptions) {
  const kept = keptEmbeddings(context, options.embeddings);
  return new PolicyNetwork(context.space, context.width(), kept, options);
}

/** The blocks of a policy network on embeddings of width D. */
export function blockSize(
  width: number,
  { hiddenSize = width, heads, intermediateSize, dropout = 0 }: BlockOptions,
) {
  return {
    hidden_size: hiddenSize,
    num_attention_heads: heads ?? Math.ceil(hiddenSize / 64),
    intermediate_size: intermediateSize ?? 2 * hiddenSize,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
  };
}
