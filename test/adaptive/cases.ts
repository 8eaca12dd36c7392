import {
  type AdaptableModel,
  alternative,
  biases,
  blockDrop,
  blockReplace,
  combine,
  component,
  type Inputs,
  lowRank,
  type Policy,
  type PolicyOptions,
  type Strategy,
  segment,
  spotTune,
  spotTuneBlock,
  spotTuneRes,
  type Where,
} from "../../src/adaptive";
import {
  BertConfig,
  BertForSequenceClassification,
  LxmertConfig,
  LxmertForQuestionAnswering,
  ViTConfig,
  ViTForImageClassification,
  VLBertConfig,
  VLBertForQuestionAnswering,
} from "../../src/models";
import { GELU, Linear, Module, ModuleList, MultiHeadAttention, Sequential } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/** A model for the contract: how to make it, its inputs, its policy and its head. */
export interface ModelCase {
  readonly name: string;
  /** The modules of its answer head: at the top, or right below. */
  readonly heads: readonly string[];
  /** The outputs that the head makes. */
  readonly ofHead: readonly string[];
  make(): AdaptableModel;
  inputs(batch: number): Inputs;
  /** Which input, real-valued, gets a gradient; absent where there is none. */
  readonly differentiable?: string;
  policy(strategy: Strategy, sites: number): Policy | PolicyOptions;
  /** A user's model says by patterns where what others have by class is. */
  readonly patterns?: (where: Where) => readonly string[];
  /** How often a site runs in one forward, where not once. */
  readonly runs?: (site: string) => number;
}

/** A strategy for the contract. */
export interface StrategyCase {
  readonly name: string;
  /** Whether tuned or kept alternatives are whole copies, as in standard finetuning. */
  readonly copies: boolean;
  strategy(model: ModelCase): Strategy;
}

const { frozen, tuned, skip, replace, keep } = alternative;

export const strategies: readonly StrategyCase[] = [
  strategyCase(spotTuneBlock()),
  strategyCase(spotTune()),
  strategyCase(spotTuneRes()),
  strategyCase(blockDrop()),
  strategyCase(blockReplace()),
  strategyCase(
    combine("block x frozen, tuned, skip", spotTuneBlock().where, [frozen, tuned, skip]),
  ),
  strategyCase(combine("component x frozen, tuned, skip", component, [frozen, tuned, skip])),
  strategyCase(combine("component x keep, skip", component, [keep, skip])),
  strategyCase(combine("component x keep, replace", component, [keep, replace])),
  strategyCase(combine("segment x frozen, tuned, skip", segment, [frozen, tuned, skip])),
  strategyCase(combine("segment x keep, skip", segment, [keep, skip])),
  strategyCase(combine("segment x keep, replace", segment, [keep, replace])),
  strategyCase({ ...spotTune({ tuned: lowRank({ rank: 2 }) }), name: "SpotTune of LoRA" }, false),
  strategyCase({ ...spotTuneBlock({ tuned: biases }), name: "SpotTune_Block of BitFit" }, false),
];

function strategyCase(plan: Strategy, copies = true): StrategyCase {
  const strategy = ({ patterns, heads }: ModelCase) =>
    patterns ? { ...plan, where: patterns(plan.where!), head: heads } : plan;
  return { name: plan.name, copies, strategy };
}

const SMALL = {
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  initializer_range: 0.2,
} as const;

export const vlBertCase = vlBert({ num_hidden_layers: 2, num_attention_heads: 2 });
export const lxmertCase = lxmert();
export const bertCase = bert();
export const vitCase = vit();
export const residualCase: ModelCase = {
  name: "a residual network of the user's",
  heads: ["head"],
  ofHead: ["logits"],
  make: () => new ResidualNetwork(),
  inputs: (batch) => ({ features: torch.randn([batch, 5, WIDTH]) }),
  differentiable: "features",
  policy: ({ what }, sites) => new PooledPolicy(sites, what.length),
  patterns: (where) => {
    if (where === segment) return ["stem.blocks.*.attention", "stem.blocks.*.feedForward"];
    if (where === component) return ["stem.blocks.*.attention.head.*", "stem.blocks.*.feedForward"];
    return ["stem.blocks.*"];
  },
};

export function vlBert(size: Partial<VLBertConfig>): ModelCase {
  const config = new VLBertConfig({
    vocab_size: 30,
    max_position_embeddings: 24,
    visual_size: 8,
    visual_scale_text_init: 1,
    visual_scale_object_init: 1,
    mask_token_id: 4,
    num_answers: 5,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    initializer_range: 0.2,
    hidden_size: 16,
    intermediate_size: 32,
    ...size,
  });
  return {
    name: `VL-BERT ${config.num_hidden_layers} x ${config.hidden_size}`,
    heads: ["final_mlp"],
    ofHead: ["logits"],
    make: () => new VLBertForQuestionAnswering(config),
    inputs: (batch) => vlBertInputs(batch, config),
    differentiable: "regionFeatures",
    policy: () => ({ layers: 1, hiddenSize: 16, heads: 2 }),
  };
}

/** Random inputs of 6 tokens and 4 regions, with masks that leave out different ones. */
function vlBertInputs(batch: number, config: VLBertConfig): Inputs {
  const corners = torch.rand([batch, 4, 2]).mul(0.5);
  const inputIds = torch.randint(5, config.vocab_size, [batch, 6], { dtype: "int64" });
  inputIds.select(1, 2).fill_(config.mask_token_id);
  return {
    inputIds,
    attentionMask: present(batch, 6, (b) => 4 + (b % 3)),
    regionFeatures: torch.randn([batch, 4, config.visual_size]),
    regionBoxes: torch.cat([corners, corners.add(0.4)], 2),
    regionMask: present(batch, 4, (b) => 1 + (b % 4)),
  };
}

export function lxmert(size: Partial<LxmertConfig> = {}): ModelCase {
  const config = new LxmertConfig({
    vocab_size: 30,
    hidden_size: 16,
    num_attention_heads: 2,
    intermediate_size: 24,
    l_layers: 2,
    r_layers: 1,
    x_layers: 2,
    max_position_embeddings: 10,
    visual_feat_dim: 8,
    num_qa_labels: 5,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    initializer_range: 0.2,
    ...size,
  });
  return {
    name: "LXMERT 2/1/2 x 16",
    heads: ["answer_head"],
    ofHead: ["logits"],
    make: () => new LxmertForQuestionAnswering(config),
    inputs: (batch) => {
      const corners = torch.rand([batch, 4, 2]).mul(0.5);
      return {
        inputIds: torch.randint(5, config.vocab_size, [batch, 6], { dtype: "int64" }),
        attentionMask: present(batch, 6, (b) => 4 + (b % 3)),
        regionFeatures: torch.randn([batch, 4, config.visual_feat_dim]),
        regionBoxes: torch.cat([corners, corners.add(0.4)], 2),
        regionMask: present(batch, 4, (b) => 1 + (b % 4)),
      };
    },
    differentiable: "regionFeatures",
    policy: () => ({ layers: 1, hiddenSize: 16, heads: 2 }),
    runs: (site) => (site.includes("visual_attention") ? 2 : 1),
  };
}

export function bert(size: Partial<BertConfig> = {}): ModelCase {
  const config = new BertConfig({
    ...SMALL,
    vocab_size: 30,
    max_position_embeddings: 10,
    num_labels: 3,
    ...size,
  });
  return {
    name: "BERT 2 x 16",
    heads: ["classifier", "pooler"],
    ofHead: ["pooled", "logits"],
    make: () => new BertForSequenceClassification(config),
    inputs: (batch) => ({
      inputIds: torch.randint(5, config.vocab_size, [batch, 6], { dtype: "int64" }),
      attentionMask: present(batch, 6, (b) => 4 + (b % 3)),
    }),
    policy: () => ({ layers: 1, hiddenSize: 16, heads: 2 }),
  };
}

export function vit(size: Partial<ViTConfig> = {}): ModelCase {
  const config = new ViTConfig({ ...SMALL, image_size: 8, patch_size: 4, num_labels: 3, ...size });
  return {
    name: "ViT 2 x 16",
    heads: ["classifier"],
    ofHead: ["logits"],
    make: () => new ViTForImageClassification(config),
    inputs: (batch) => ({ pixelValues: torch.randn([batch, 3, 8, 8]) }),
    differentiable: "pixelValues",
    policy: () => ({ layers: 1, hiddenSize: 16, heads: 2 }),
  };
}

/** [batch,size] with 1 in the first places of each row, as many as `count` says. */
function present(batch: number, size: number, count: (row: number) => number): Tensor {
  const counts = torch.tensor([...Array(batch).keys()].map((row) => [count(row)]));
  return torch.arange(size).lt(counts).to("int64");
}

const WIDTH = 8;

/** Residual blocks of another make than the package's models, with a head. */
class ResidualNetwork extends Module {
  readonly stem = new ResidualStem();
  readonly head = new Linear(WIDTH, 3);

  override forward({ features }: Inputs): Record<string, Tensor> {
    const hidden = this.stem.forward(features!);
    return { hidden, logits: this.head.forward(hidden.mean([1])) };
  }
}

class ResidualStem extends Module {
  readonly blocks = new ModuleList(Array.from({ length: 2 }, () => new ResidualBlock()));

  override forward(hidden: Tensor): Tensor {
    return [...this.blocks].reduce((state, block) => block.forward(state), hidden);
  }
}

class ResidualBlock extends Module {
  readonly attention = new MultiHeadAttention(WIDTH, 2);
  readonly feedForward = new Sequential(
    new Linear(WIDTH, 2 * WIDTH),
    new GELU(),
    new Linear(2 * WIDTH, WIDTH),
  );

  override forward(hidden: Tensor): Tensor {
    const attended = hidden.add(this.attention.forward(hidden));
    return attended.add(this.feedForward.forward(attended));
  }
}

/** A policy of the user's: one linear layer on the mean of the features. */
class PooledPolicy extends Module implements Policy {
  readonly output: Linear;

  constructor(
    private readonly sites: number,
    private readonly alternatives: number,
  ) {
    super();
    this.output = new Linear(WIDTH, sites * alternatives);
  }

  override forward({ features }: Inputs): Tensor {
    return this.output.forward(features!.mean([1])).view([-1, this.sites, this.alternatives]);
  }
}
