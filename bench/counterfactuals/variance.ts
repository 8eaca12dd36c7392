import { type AdaptableModel, type AdaptedModel, adapt, type Inputs } from "adaptune";
import { Module, Parameter } from "adaptune/nn";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import type { Arm } from "./arms";

/** Where gradients are drawn: a trained model, what it was made of, and a batch. */
export interface Point<M extends AdaptableModel = AdaptableModel> {
  readonly trained: AdaptedModel<M>;
  readonly base: M;
  readonly inputs: Parameters<M["forward"]>[0];
  /** The loss of the model's outputs. */
  loss(outputs: ReturnType<M["forward"]>): Tensor;
}

/** What an arm's gradient of the policy's logits is like, held against that of the first arm. */
export interface Variance {
  /** Over noise and sampling, summed over logits; that of the first arm is 1. */
  readonly variance: number;
  /** Squared distance of the means, in what chance makes of it: about 1 where both expect the same. */
  readonly distance: number;
}

/** Draws each arm's gradient at the same weights and logits, `draws` times. */
export function variances<M extends AdaptableModel>(
  point: Point<M>,
  arms: readonly Arm[],
  draws: number,
): Variance[] {
  return torch.scope(() => {
    const drawn = arms.map((arm, number) => moments(point, arm, { draws, seed: number + 1 }));
    const [first] = drawn;
    return drawn.map(({ mean, variance }, number) => ({
      variance: variance / first.variance,
      distance:
        number === 0 ? 0 : squared(mean.sub(first.mean)) / ((variance + first.variance) / draws),
    }));
  });
}

/** Mean [B,N,K] and summed variance of the logits' gradient. */
function moments<M extends AdaptableModel>(
  { trained, base, inputs, loss }: Point<M>,
  { rate }: Arm,
  { draws, seed }: { readonly draws: number; readonly seed: number },
): { mean: Tensor; variance: number } {
  const policy = new Table(
    torch.noGrad(() => trained.policy!.forward(inputs as Inputs, trained.model)),
  );
  const { strategy, gate } = trained.origin;
  const model = adapt(base, strategy, { policy, gate: { ...gate, counterfactuals: rate } });
  const state = Object.entries(trained.stateDict()).filter(([name]) => !name.startsWith("policy."));
  model.loadStateDict(Object.fromEntries(state), { strict: false });
  model.train().gate.step = trained.gate.step;
  for (const weight of model.parameterGroups().model) weight.requiresGrad_(false);

  torch.manualSeed(seed); // one of its own: noise that arms share would hide their distance
  const sum = torch.zeros(policy.logits.shape, { dtype: "float64" });
  let squares = 0;
  for (let draw = 0; draw < draws; draw++) {
    torch.scope(() => {
      loss(model.forward(inputs)).backward();
      const gradient = policy.logits.grad!.to("float64");
      sum.add_(gradient);
      squares += squared(gradient);
    });
    policy.zeroGrad();
  }
  const mean = sum.div(draws);
  return { mean, variance: ((squares / draws - squared(mean)) * draws) / (draws - 1) };
}

function squared(values: Tensor): number {
  return values.square().sum().item();
}

/** Logits [B,N,K] that are parameters themselves. */
class Table extends Module {
  readonly logits: Parameter;

  constructor(logits: Tensor) {
    super();
    this.logits = new Parameter(logits.detach().clone());
  }

  override forward(): Tensor {
    return this.logits;
  }
}
