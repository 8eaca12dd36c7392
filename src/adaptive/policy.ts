import { BertLayer } from "../models";
import { LayerNorm, Linear, Module, ModuleList } from "../nn";
import * as torch from "../torch";
import { noGrad, Tensor } from "../torch";
import type { DecisionSpace } from "./decisions";

/** A model's inputs by name; all tensors lead with the batch. */
export type Inputs = Readonly<Record<string, Tensor | null | undefined>>;

/** A model whose embeddings can be computed alone: hidden [B,S,D], mask [B,1,1,S]. */
export interface Embeds {
  readonly config: { readonly hidden_size: number };
  embed(inputs: Inputs): { readonly hidden: Tensor; readonly mask: Tensor };
}

/** Scores alternatives: the inputs, and the backbone for its embeddings, to logits [B,N,K]. */
export interface Policy extends Module {
  forward(inputs: Inputs, backbone: Module): Tensor;
}

/** The size of a policy network and where it starts. */
export interface PolicyOptions {
  /** Transformer blocks; 1 by default. */
  readonly layers?: number;
  /** Width W of the blocks; the embeddings' width D by default. */
  readonly hiddenSize?: number;
  /** Attention heads; one for every 64 of W by default. */
  readonly heads?: number;
  /** Feed-forward width; 2 W by default. */
  readonly intermediateSize?: number;
  /** Dropout in the blocks; 0 by default, as the gate's noise explores already. */
  readonly dropout?: number;
  /** The probability with which every site starts at an alternative; undecided by default. */
  readonly initially?: { readonly alternative: string; readonly probability: number };
}

/**
 * A small transformer on the backbone's embeddings that scores the alternatives of every site.
 *
 *     embeddings [B,S,D] -> Linear, norm [B,S,W] -> blocks -> [CLS] [B,W] -> logits [B,N,K]
 *
 * Frozen embeddings are shared with the backbone, which makes the policy small; where they train,
 * it keeps their pretrained state as `embeddings`, so that what it sees does not move.
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
    options: PolicyOptions = {},
  ) {
    super();
    const { layers = 1, hiddenSize = width, dropout = 0 } = options;
    const { heads = Math.ceil(hiddenSize / 64), intermediateSize = 2 * hiddenSize } = options;
    this.project = new Linear(width, hiddenSize);
    this.LayerNorm = new LayerNorm(hiddenSize);
    const block = () =>
      new BertLayer({
        hidden_size: hiddenSize,
        num_attention_heads: heads,
        intermediate_size: intermediateSize,
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
      });
    this.layer = new ModuleList(Array.from({ length: layers }, block));
    this.output = new Linear(hiddenSize, space.sites.length * space.alternatives.length);
    const bias = initialBias(space, options.initially);
    noGrad(() => {
      this.output.weight.normal_(0, OUTPUT_STD);
      this.output.bias!.copy_(bias);
    });
  }

  override forward(inputs: Inputs, backbone: Module): Tensor {
    const { hidden, mask } = (this.embeddings ?? embedderIn(backbone)).embed(inputs);
    let state = this.LayerNorm.forward(this.project.forward(hidden)); // [B,S,W]
    for (const block of this.layer) state = block.forward(state, mask);
    const logits = this.output.forward(state.select(1, 0)); // [B,N*K]
    return logits.view([-1, this.space.sites.length, this.space.alternatives.length]);
  }

  /** The pretrained embeddings it keeps never drop anything. */
  override train(mode = true): this {
    super.train(mode);
    this.embeddings?.eval();
    return this;
  }
}

/** Decides the same for all inputs, as it was told, and learns nothing: a static mask. */
export class GivenPolicy extends Module implements Policy {
  /** `decisions` holds the alternative of each of N sites, as a number below `alternatives`. */
  constructor(
    private readonly decisions: readonly number[],
    private readonly alternatives: number,
  ) {
    super();
  }

  override forward(inputs: Inputs): Tensor {
    const { batch, device } = batchOf(inputs);
    const choice = torch.tensor([...this.decisions], { dtype: "int64", device });
    const logits = torch.oneHot(choice, this.alternatives).to("float32").mul(CERTAIN); // [N,K]
    return logits.unsqueeze(0).expand([batch, -1, -1]);
  }
}

/** The model as one that embeds; throws when it does not. */
export function embedderIn(model: Module): Module & Embeds {
  if (typeof (model as Partial<Embeds>).embed === "function") return model as Module & Embeds;
  throw new Error(
    `${model.constructor.name} has no embed(inputs) for a policy network to read: pass a policy of your own, adapt(model, strategy, { policy: module })`,
  );
}

/** The batch size and device of a model's inputs, by the first tensor among them. */
export function batchOf(inputs: Inputs): { batch: number; device: string } {
  const first = Object.values(inputs).find((input) => input instanceof Tensor);
  if (!first) throw new Error("the inputs hold no tensor, so that they have no batch size");
  return { batch: first.shape[0], device: first.device };
}

/** Small: inputs start near the initial bias. Not zero: the blocks below get a gradient at once. */
const OUTPUT_STD = 0.02;

/** A logit that Gumbel noise, at most 104 in float32, does not overturn. */
const CERTAIN = 1e4;

/** Bias [N*K] whose softmax gives one alternative its probability and the others equal shares. */
function initialBias({ sites, alternatives }: DecisionSpace, start: PolicyOptions["initially"]) {
  const bias = alternatives.map(() => 0);
  if (start) {
    const { alternative, probability } = start;
    const chosen = alternatives.indexOf(alternative);
    if (chosen < 0 || !(probability > 0 && probability < 1)) {
      throw new Error(
        `a policy starts at ${alternatives.join(" or ")} with a probability between 0 and 1, not at ${alternative} with ${probability}`,
      );
    }
    bias[chosen] = Math.log((probability * (alternatives.length - 1)) / (1 - probability));
  }
  return torch.tensor(sites.flatMap(() => bias));
}
