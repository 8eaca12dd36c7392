import {
  type AdaptableModel,
  alternative,
  block,
  type Inputs,
  outsideSites,
  type Policy,
  type PolicyOptions,
  type Strategy,
  spotTuneBlock,
  type Where,
} from "../../src/adaptive";
import { VLBertConfig, VLBertForQuestionAnswering } from "../../src/models";
import { GELU, Linear, Module, ModuleList } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/** A model for the contract: how to make it, its inputs, where its sites and its head are. */
export interface ModelCase {
  readonly name: string;
  readonly where: Where;
  readonly head: string;
  make(): AdaptableModel;
  inputs(batch: number): Inputs;
  /** Which input, real-valued, gets a gradient. */
  readonly differentiable: string;
  policy(strategy: Strategy): Policy | PolicyOptions;
}

/** A strategy for the contract: what its sites have. */
export interface StrategyCase {
  readonly name: string;
  strategy(model: ModelCase): Strategy;
}

export const models: readonly ModelCase[] = [
  vlBert({ hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32 }),
  vlBert({ hidden_size: 32, num_hidden_layers: 3, num_attention_heads: 4, intermediate_size: 48 }),
  {
    name: "a residual network of the user's",
    where: "stem.blocks.*",
    head: "head",
    make: () => new ResidualNetwork(),
    inputs: (batch) => ({ features: torch.randn([batch, 5, WIDTH]) }),
    differentiable: "features",
    policy: ({ what }) => new PooledPolicy(ResidualNetwork.blocks, what.length),
  },
];

export const strategies: readonly StrategyCase[] = [
  {
    name: "SpotTune_Block",
    strategy: ({ where, head }) => ({ ...spotTuneBlock({ head: [head] }), where }),
  },
  combination("frozen, tuned or skip", [alternative.frozen, alternative.tuned, alternative.skip]),
  combination("tuned or skip", [alternative.tuned, alternative.skip]),
];

function combination(name: string, what: readonly alternative.Alternative[]): StrategyCase {
  const strategy = ({ where, head }: ModelCase) => ({
    name,
    where,
    what,
    ...outsideSites({ head: [head] }),
  });
  return { name, strategy };
}

function vlBert(size: Partial<VLBertConfig>): ModelCase {
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
    ...size,
  });
  return {
    name: `VL-BERT ${config.num_hidden_layers} x ${config.hidden_size}`,
    where: block,
    head: "final_mlp",
    make: () => new VLBertForQuestionAnswering(config),
    inputs: (batch) => vlBertInputs(batch, config),
    differentiable: "regionFeatures",
    policy: () => ({ layers: 1, hiddenSize: 16, heads: 2 }),
  };
}

/** Random inputs of 6 tokens and 4 regions, with masks that leave out different ones. */
function vlBertInputs(batch: number, config: VLBertConfig): Inputs {
  const corners = torch.rand([batch, 4, 2]).mul(0.5);
  const lengths = torch.tensor([...Array(batch).keys()].map((b) => [4 + (b % 3)]));
  const objects = torch.tensor([...Array(batch).keys()].map((b) => [1 + (b % 4)]));
  const inputIds = torch.randint(5, config.vocab_size, [batch, 6], { dtype: "int64" });
  inputIds.select(1, 2).fill_(config.mask_token_id);
  return {
    inputIds,
    attentionMask: torch.arange(6).lt(lengths).to("int64"),
    regionFeatures: torch.randn([batch, 4, config.visual_size]),
    regionBoxes: torch.cat([corners, corners.add(0.4)], 2),
    regionMask: torch.arange(4).lt(objects).to("int64"),
  };
}

const WIDTH = 8;

/** Residual blocks of another make than the package's models, with a head. */
class ResidualNetwork extends Module {
  static readonly blocks = 2;
  readonly stem = new ResidualStem();
  readonly head = new Linear(WIDTH, 3);

  override forward({ features }: Inputs): Record<string, Tensor> {
    const hidden = this.stem.forward(features!);
    return { hidden, logits: this.head.forward(hidden.mean([1])) };
  }
}

class ResidualStem extends Module {
  readonly blocks = new ModuleList(
    Array.from({ length: ResidualNetwork.blocks }, () => new ResidualBlock()),
  );

  override forward(hidden: Tensor): Tensor {
    return [...this.blocks].reduce((state, block) => block.forward(state), hidden);
  }
}

class ResidualBlock extends Module {
  readonly up = new Linear(WIDTH, 2 * WIDTH);
  readonly act = new GELU();
  readonly down = new Linear(2 * WIDTH, WIDTH);

  override forward(hidden: Tensor): Tensor {
    return hidden.add(this.down.forward(this.act.forward(this.up.forward(hidden))));
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
