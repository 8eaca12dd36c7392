import { type AdaptedModel, adapt, type DecisionSpace } from "adaptune";
import { Module, Parameter } from "adaptune/nn";
import * as torch from "adaptune/torch";
import { makeEncoder, strategyUnderTest } from "../encoder";
import { type Arm, inTurns } from "./arms";

/** Two blocks of VL-BERT-base, B = 16, T = 64. */
const SIZE = { kind: "bert", width: 768, heads: 12, intermediate: 3072, blocks: [2] } as const;
const [BATCH, TOKENS] = [16, 64];

/** What a step at the size of published models takes. */
export interface WideSteps {
  readonly arm: Arm;
  readonly times: readonly number[];
  /** Share of what was not picked that was computed. */
  readonly executed: number;
}

/**
 * Times forward and backward of blocks of a published size, under decisions that are even: there
 * products weigh more than whatever goes on around them.
 */
export async function wideSteps(
  strategy: "SpotTune_Block" | "SpotTune",
  arms: readonly Arm[],
  rounds: number,
): Promise<WideSteps[]> {
  torch.manualSeed(0);
  const base = makeEncoder(SIZE);
  const hidden = torch.randn([BATCH, TOKENS, SIZE.width]).requiresGrad_(true);
  const models = arms.map(({ rate }) => {
    const policy = new Even();
    const gate = { counterfactuals: rate };
    const model = adapt(base, strategyUnderTest(strategy), { policy, gate });
    policy.fill(model.space);
    return model.train();
  });
  const times = await inTurns(models, { rounds, warm: 2 }, (model) => {
    torch.scope(() => model.forward({ hidden }).hidden.square().mean().backward());
    model.zeroGrad();
    hidden.grad = null;
  });
  return arms.map((arm, n) => ({
    arm,
    times: times[n],
    executed: executedBy(models[n], rounds + 2),
  }));
}

function executedBy({ executed, space }: AdaptedModel, steps: number): number {
  const rows = executed.reduce((sum, { withoutGradient }) => sum + withoutGradient, 0);
  return rows / (steps * BATCH * space.sites.length * (space.alternatives.length - 1));
}

/** Logits of zero [B,N,K], which are parameters. */
class Even extends Module {
  logits = new Parameter(torch.zeros([0]));

  fill({ sites, alternatives }: DecisionSpace): void {
    this.logits = new Parameter(torch.zeros([BATCH, sites.length, alternatives.length]));
  }

  override forward(): torch.Tensor {
    return this.logits;
  }
}
