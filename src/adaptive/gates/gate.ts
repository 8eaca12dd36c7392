import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";
import { type Compared, type CounterfactualRate, compareSome, samplingOf } from "./counterfactuals";
import { Curriculum, type CurriculumOptions } from "./curriculum";
import { type Drawn, type Estimator, exponentialLike, straightThrough } from "./estimator";
import {
  type EstimatorOptions,
  estimatorOf,
  type TemperatureSchedule,
  temperatureOf,
} from "./options";
import type { Temperature } from "./temperature";

export interface GateOptions {
  /** Larger is smoother: it scales the gradient, never the decision. 1 by default. */
  readonly temperature?: Temperature | TemperatureSchedule;
  /** Where the policy's gradient comes from; `straightThrough` by default. */
  readonly estimator?: Estimator | EstimatorOptions;
  /** How often what was not picked is computed for that gradient; `exact` by default. */
  readonly counterfactuals?: CounterfactualRate;
  /** Which sites are decided about yet; all from the beginning by default. */
  readonly curriculum?: CurriculumOptions;
}

export interface GateDraw {
  /** Whether to sample (training) or to take the most probable alternative (evaluation). */
  readonly sample: boolean;
  /** Noise E ~ Exp(1) [B,N,K] to use instead of drawing it. */
  readonly exponential?: Tensor;
  /** The numbers of sites whose alternatives are compared whatever the rate: it costs nothing. */
  readonly comparedAnyway?: readonly number[];
}

/** Hard decisions. */
export interface Decided {
  /** One-hot [B,N,K]; the gradient is the estimator's. */
  readonly gate: Tensor;
  /** [B,N] int64. */
  readonly choice: Tensor;
  /** What decisions are drawn from [B,N,K]. */
  readonly probabilities: Tensor;
  /** What the router is to see instead, where it does not compare all alternatives. */
  readonly compared?: Compared;
}

/** Turns policy logits into hard decisions: drawn in training, the most probable in evaluation. */
export class Gate {
  /** The training step that schedules read; the training loop sets it. */
  step = 0;
  /** A scalar on the device that holds the temperature in the schedule's place: see `Ask`. */
  temperatureOnDevice: Tensor | null = null;
  private readonly schedule: (step: number) => number;
  private readonly estimator: Estimator;
  private readonly sampling: ReturnType<typeof samplingOf>;
  private readonly curriculum: Curriculum | null;

  /** `space` is what a curriculum needs to know. Throws for options that make no sense. */
  constructor(options: GateOptions = {}, space: DecisionSpace = { sites: [], alternatives: [] }) {
    const {
      temperature = 1,
      estimator = straightThrough,
      counterfactuals = "exact",
      curriculum,
    } = checkOptions(new.target.name, options, [
      "temperature",
      "estimator",
      "counterfactuals",
      "curriculum",
    ]);
    this.schedule = temperatureOf(temperature);
    this.estimator = estimatorOf(estimator);
    this.sampling = samplingOf(counterfactuals);
    this.curriculum =
      curriculum && space.sites.length > 0 ? new Curriculum(curriculum, space) : null;
  }

  /** The temperature at the current step; throws when the schedule gives none above zero. */
  get temperature(): number {
    const temperature = this.schedule(this.step);
    if (!(temperature > 0 && Number.isFinite(temperature))) {
      throw new RangeError(
        `gate temperature at step ${this.step} is ${temperature}; it has to be finite and above 0`,
      );
    }
    return temperature;
  }

  /** Decides by logits [B,N,K]. */
  decide(logits: Tensor, { sample, exponential, comparedAnyway = [] }: GateDraw): Decided {
    if (!sample) {
      const [gate, choice] = torch.ops.adaptune.gumbel_gate(logits, this.temperature, {
        sample: false,
      }) as [Tensor, Tensor];
      return { gate, choice, probabilities: logits.softmax(-1) };
    }
    const noise =
      exponential ??
      (this.sampling?.isAdaptive ? exponentialLike(logits, logits.shape) : undefined);
    const temperature = this.temperatureOnDevice ?? this.temperature;
    const drawn = this.estimator(logits, { temperature, exponential: noise });
    const { gate, choice, probabilities = logits.softmax(-1), relaxed } = drawn;
    const decided = { gate, choice, probabilities };
    const held = this.curriculum?.hold(decided, this.step);
    if (!held) return { ...decided, ...this.compare(decided, { relaxed, comparedAnyway }) };
    const { free, ...rest } = held;
    return { ...rest, ...this.compare(rest, { relaxed, comparedAnyway, free }) };
  }

  /** What the router compares where that is not all; without a gradient it compares nothing. */
  private compare(
    { gate, choice }: Decided,
    { relaxed, comparedAnyway, free }: CompareOptions,
  ): Pick<Decided, "compared"> {
    if (!gate.requiresGrad || (this.sampling === null && !free)) return {};
    const sites = [...Array(choice.size(1)).keys()];
    const boolean = (values: boolean[]) => torch.tensor(values, { device: choice.device });
    const decided = free ?? boolean(sites.map(() => true));
    if (!this.sampling) return { compared: { gate, where: decided.expand(choice.shape) } };
    const sampled = boolean(sites.map((site) => !comparedAnyway.includes(site)));
    return { compared: compareSome({ gate, relaxed, free: decided, sampled }, this.sampling) };
  }
}

interface CompareOptions {
  readonly relaxed: Drawn["relaxed"];
  readonly comparedAnyway: readonly number[];
  /** Which sites are decided about yet: [N] bool; all where absent. */
  readonly free?: Tensor;
}
