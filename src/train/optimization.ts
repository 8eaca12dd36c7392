import {
  AdamW,
  clipGradNorm_,
  LRScheduler,
  linearWarmupDecay,
  type OptimizerState,
  type SchedulerState,
} from "../optim";
import type { Tensor } from "../torch";
import type { OptimizerRecipe } from "./recipe-fields";

/** How one set of parameters is trained. */
export interface SteeringRecipe {
  readonly optimizer: OptimizerRecipe;
  readonly warmup: number;
  readonly clipNorm: number;
}

export interface OptimizationState {
  readonly optimizer: OptimizerState;
  readonly scheduler: SchedulerState;
}

/** An optimizer with its schedule and clipping: the backbone has one, the policy another. */
export class Optimization {
  private readonly optimizer: AdamW;
  private readonly scheduler: LRScheduler;
  private readonly clipNorm: number;

  constructor(
    private readonly parameters: readonly Tensor[],
    { optimizer, warmup, clipNorm }: SteeringRecipe,
    steps: number,
  ) {
    // Decay pulls weights of products towards 0; biases and norms (one dimension) are left alone.
    const [decayed, plain] = [
      parameters.filter(({ ndim }) => ndim > 1),
      parameters.filter(({ ndim }) => ndim <= 1),
    ];
    const groups = [
      { name: "weights", params: decayed, weightDecay: optimizer.weightDecay },
      { name: "biases and norms", params: plain, weightDecay: 0 },
    ].filter(({ params }) => params.length > 0);
    const { lr, betas, eps } = optimizer;
    this.optimizer = new AdamW(groups, { lr, betas, eps, masterWeights: true });
    this.scheduler = new LRScheduler(this.optimizer, linearWarmupDecay({ warmup, total: steps }));
    this.clipNorm = clipNorm;
  }

  get lr(): number {
    return this.optimizer.groups[0].lr;
  }

  /** Clips the gradients; gives their norm before, a scalar that is not waited for. */
  clip(): Tensor {
    return clipGradNorm_(this.parameters, this.clipNorm);
  }

  /** Takes a step and drops the gradients. */
  step(): void {
    this.optimizer.step();
    this.optimizer.zeroGrad();
  }

  /** The same with the learning rate on the device, and whether something was not finite: see AdamW. */
  stepOnDevice(rate: Tensor, foundInf: Tensor): void {
    const rates = this.optimizer.groups.map(() => rate);
    this.optimizer.stepOnDevice({ rates, foundInf });
    this.optimizer.zeroGrad();
  }

  /** Sets the learning rate for the next step. */
  advance(): void {
    this.scheduler.step();
  }

  state(): OptimizationState {
    return { optimizer: this.optimizer.stateDict(), scheduler: this.scheduler.stateDict() };
  }

  /** Goes on where a state was, by the settings of the recipe: those of a branch are its own. */
  restore({ optimizer, scheduler }: OptimizationState): void {
    const { baseLrs } = this.scheduler.stateDict();
    const own = this.optimizer.groups.map(({ params: _, ...numbers }) => numbers);
    this.optimizer.loadStateDict(optimizer);
    for (const [number, group] of this.optimizer.groups.entries())
      Object.assign(group, own[number]);
    this.scheduler.loadStateDict({ ...scheduler, baseLrs });
  }
}
