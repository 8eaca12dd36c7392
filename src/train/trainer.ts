import { RunningUsage } from "../adaptive";
import {
  type BatchLengths,
  collate,
  type Example,
  Loader,
  type LoaderBatch,
  type LoaderState,
  lengthOf,
  roundedUp,
} from "../data";
import * as torch from "../torch";
import { placeOf } from "./device";
import { DeviceStep, type Part } from "./device-step";
import { Failure } from "./failure";
import type { TrainedModel } from "./model";
import { objective, type Term } from "./objective";
import { Optimization, type OptimizationState } from "./optimization";
import type { Recipe } from "./recipe";
import { isAdaptive, steeringOf } from "./recipe-strategy";
import { cudaRecorder, type Recorder } from "./recorder";
import { type PartOfStep, type StepMeans, stepMeans, stepReport, usageByName } from "./step-means";
import type { Task } from "./task";

/** What one optimizer step tells; the losses are means over the batch. */
export interface StepMetrics {
  /** Steps taken, this one included. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Cross entropy alone, where the loss has more terms. */
  readonly taskLoss: number;
  readonly lr: number;
  /** Norm of the gradients before clipping. */
  readonly gradientNorm: number;
  /** Where a policy decides. */
  readonly decisions?: {
    readonly temperature: number;
    /** Share of sampled decisions for each alternative. */
    readonly usage: Readonly<Record<string, number>>;
    /** What the loss says about decisions, before its weights. */
    readonly losses: Readonly<Partial<Record<Term, number>>>;
  };
  /** Where a policy learns. */
  readonly policy?: { readonly lr: number; readonly gradientNorm: number };
}

/** All that a training needs to go on exactly where it was, weights aside. */
export interface TrainerState {
  readonly step: number;
  readonly loader: LoaderState;
  readonly model: OptimizationState;
  readonly policy: OptimizationState | null;
  /** Running usage of the alternatives; null where nothing is decided. */
  readonly usage: Readonly<Record<string, torch.Tensor>> | null;
  readonly rng: torch.Tensor;
  /** Of the generator of the device that the model is on; null on the CPU. */
  readonly deviceRng: torch.Tensor | null;
}

/**
 * Takes optimizer steps, one at a time: no files, no clock, nothing printed.
 *
 *     batch -> micro-batches -> forward, loss x share, backward, each -> clip -> step
 *
 * In static execution batches are padded to a few lengths and the step is the device's alone, so that
 * it can be recorded: see `DeviceStep`.
 */
export class Trainer {
  private readonly loader: Loader<Example>;
  private readonly optimization: Optimization;
  private readonly policy: Optimization | null;
  private readonly usage: RunningUsage | null;
  /** Dropout and decisions draw from this: nothing else in the process changes what they are. */
  private rng: Rng;
  private readonly device: torch.Device;
  private readonly onDevice: DeviceStep | null;
  /** The longest question and the most regions of all examples. */
  private readonly longest: BatchLengths;
  private taken = 0;

  constructor(
    private readonly recipe: Pick<Recipe, "seed" | "execution" | "strategy" | "train">,
    readonly model: TrainedModel,
    private readonly task: Pick<Task, "dataset" | "train">,
    recorder: Recorder | null = recipe.train.graph ? cudaRecorder(placeOf(model)) : null,
  ) {
    const { train, strategy, seed } = recipe;
    const groups = model.parameterGroups();
    const batchSize = Math.min(train.batchSize, task.train.length);
    this.loader = new Loader(task.train, {
      batchSize,
      dropLast: true,
      seed,
      lengthOf: (example) => lengthOf(example, task.dataset.regions),
      window: train.lengthWindow,
    });
    this.optimization = new Optimization(groups.model, train, train.steps);
    const steering = isAdaptive(strategy) ? steeringOf(strategy) : null;
    this.policy =
      steering && groups.policy.length > 0
        ? new Optimization(groups.policy, steering, train.steps)
        : null;
    this.usage = isAdaptive(strategy)
      ? new RunningUsage(model.space, strategy.usageMomentum).to({ device: placeOf(model) })
      : null;
    this.device = placeOf(model);
    this.longest = lengthsOf(task.train, task.dataset.regions);
    this.onDevice = recipe.execution === "static" ? this.makeDeviceStep(recorder) : null;
    this.rng = drawing(this.device, null, () => torch.manualSeed(seed));
  }

  /** Steps taken. */
  get step(): number {
    return this.taken;
  }

  /** What training picked most at every site; null where nothing is decided. */
  mask(): readonly number[] | null {
    return this.usage?.mask() ?? null;
  }

  /** Takes one step. @throws Failure, with the weights as they were, where loss or gradient is not finite. */
  next(): StepMetrics {
    let metrics!: StepMetrics;
    const before = this.rng;
    this.rng = drawing(this.device, before, () => {
      metrics = this.takeStep();
    });
    for (const state of before) state.dispose();
    return metrics;
  }

  state(): TrainerState {
    return {
      step: this.taken,
      loader: this.loader.state(),
      model: this.optimization.state(),
      policy: this.policy?.state() ?? null,
      usage: this.usage?.stateDict() ?? null,
      rng: this.rng[0].clone(),
      deviceRng: this.rng.at(1)?.clone() ?? null,
    };
  }

  /**
   * Goes on from a state; the weights are restored by whoever has them. A branch has settings of its own: in
   * another order of examples it begins an epoch, and with another seed it draws other numbers.
   */
  restore(state: TrainerState, { branches = false }: { readonly branches?: boolean } = {}): void {
    if (branches) this.loader.branch(state.loader);
    else this.loader.restore(state.loader);
    this.optimization.restore(state.model);
    if (this.policy && state.policy) this.policy.restore(state.policy);
    if (this.usage && state.usage) this.usage.loadStateDict(state.usage);
    const reseeded = branches && state.loader.seed !== this.recipe.seed;
    const given = reseeded ? [] : [state.rng, state.deviceRng];
    this.rng = this.rng.map((own, n) => torch.keep((given[n] ?? own).clone()));
    this.taken = state.step;
    this.onDevice?.forget();
  }

  private makeDeviceStep(recorder: Recorder | null): DeviceStep {
    const { model, usage } = this;
    const optimizations = [this.optimization, ...(this.policy ? [this.policy] : [])];
    const accumulate = (part: Part) => this.accumulate(part);
    return new DeviceStep({ model, optimizations, usage, accumulate }, recorder);
  }

  private takeStep(): StepMetrics {
    if (!this.model.training) this.model.train();
    this.model.gate.step = this.taken;
    const batch = this.loader.next();
    const means = this.onDevice?.take(this.paddedParts(batch)) ?? this.differentiate(batch);
    this.refuseNonFinite(means);
    const metrics = this.metricsOf(means, batch.epoch);
    if (!this.onDevice) this.update(means);
    this.optimization.advance();
    this.policy?.advance();
    this.taken++;
    return metrics;
  }

  /** Computes the gradient of a batch, clipped. */
  private differentiate(batch: LoaderBatch<Example>): StepMeans {
    const { device } = this;
    const parts = partsOf(batch, this.recipe.train.microBatches).map((part) =>
      torch.scope(() => this.accumulate(this.collated(part, batch, { device }))),
    );
    const norms = [this.optimization.clip(), ...(this.policy ? [this.policy.clip()] : [])];
    // The only place where a step waits for its numbers, whatever it is made of.
    return stepMeans(stepReport(parts, norms));
  }

  /** Updates weights by their gradients, and the running usage, all parts of the batch at once. */
  private update({ usage }: StepMeans): void {
    const { sites, alternatives } = this.model.space;
    const shape = [1, sites.length, alternatives.length];
    const { device } = this;
    torch.scope(() => this.usage?.add(torch.tensor([...usage], { shape, device })));
    this.optimization.step();
    this.policy?.step();
  }

  private metricsOf(means: StepMeans, epoch: number): StepMetrics {
    const [gradientNorm, policyNorm = 0] = means.norms;
    return {
      step: this.taken + 1,
      epoch,
      loss: means.loss,
      taskLoss: means.task,
      lr: this.optimization.lr,
      gradientNorm,
      ...(this.usage && {
        decisions: {
          temperature: this.model.gate.temperature,
          usage: usageByName(means.usage, this.model.space.alternatives),
          losses: means.terms,
        },
      }),
      ...(this.policy && { policy: { lr: this.policy.lr, gradientNorm: policyNorm } }),
    };
  }

  /** The parts of a batch, all padded to one of the few lengths that batches have. */
  private paddedParts(batch: LoaderBatch<Example>): Part[] {
    const { tokens, regions } = lengthsOf(batch.items, this.task.dataset.regions);
    const atLeast = {
      tokens: roundedUp(tokens, this.longest.tokens, LENGTHS),
      regions: roundedUp(regions, this.longest.regions, LENGTHS),
    };
    return partsOf(batch, this.recipe.train.microBatches).map((part) =>
      this.collated(part, batch, { atLeast, device: this.device }),
    );
  }

  private collated({ items, seeds }: Items, whole: Items, options: CollateOptions): Part {
    const { regions, vocabulary } = this.task.dataset;
    const { inputs, answers } = collate(items, regions, {
      seeds,
      padId: vocabulary.padId,
      ...options,
    });
    return { inputs, answers, share: items.length / whole.items.length };
  }

  /** Adds the gradient of a part of the batch, weighted by its share of it; tells what it gave. */
  private accumulate({ inputs, answers, share }: Part): PartOfStep {
    const outputs = this.model.forward(inputs);
    const passed = { inputs, answers, outputs };
    const { total, task, terms } = objective(this.model, passed, this.recipe, this.usage);
    total.mul(share).backward();
    return {
      share,
      objective: {
        total: total.detach(),
        task: task.detach(),
        terms: Object.fromEntries(
          Object.entries(terms).map(([name, term]) => [name, term.detach()]),
        ),
      },
      usage: outputs.gate?.detach().mean([0]) ?? null,
    };
  }

  private refuseNonFinite({ loss, norms: [gradientNorm, policyNorm = 0] }: StepMeans): void {
    const found = Object.entries({
      loss,
      "gradient norm": gradientNorm,
      "policy's gradient norm": policyNorm,
    }).find(([, value]) => !Number.isFinite(value));
    if (!found) return;
    const policy = this.policy ? `, policy's ${this.policy.lr}` : "";
    throw new Failure(`the ${found[0]} is ${found[1]}`, {
      where: `step ${this.taken + 1}, learning rate ${this.optimization.lr}${policy}`,
      next: "lower train.optimizer.lr, or raise train.warmup",
    });
  }
}

/** The state of the CPU's generator, then that of the device's own where it is another. */
type Rng = readonly torch.Tensor[];

/** Runs something at a random state, gives the state after it, and leaves the process's as it was. */
function drawing(device: torch.Device, state: Rng | null, work: () => void): Rng {
  const devices = [...new Set(["cpu", device])];
  const read = () => devices.map((one) => torch.getRngState(one));
  const write = (states: Rng) => {
    for (const [n, one] of devices.entries()) torch.setRngState(states[n], one);
  };
  return torch.scope(() => {
    const outer = read();
    try {
      if (state) write(state);
      work();
      return read().map((one) => torch.keep(one));
    } finally {
      write(outer);
    }
  });
}

/** How many lengths of questions, and counts of regions, batches are padded to. */
const LENGTHS = 4;

type CollateOptions = Pick<NonNullable<Parameters<typeof collate>[2]>, "atLeast" | "device">;

function lengthsOf(items: readonly Example[], regions: Task["dataset"]["regions"]): BatchLengths {
  const most = (length: (item: Example) => number) =>
    items.reduce((longest, item) => Math.max(longest, length(item)), 0);
  return {
    tokens: most(({ tokens }) => tokens.length),
    regions: most((item) => regions.count(item)),
  };
}

interface Items {
  readonly items: readonly Example[];
  readonly seeds: Uint32Array;
}

/** A batch in so many parts of nearly equal size. */
function partsOf({ items, seeds }: LoaderBatch<Example>, count: number): Items[] {
  const bound = (part: number) => Math.floor((part * items.length) / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, part) => {
    const [from, to] = [bound(part), bound(part + 1)];
    return { items: items.slice(from, to), seeds: seeds.subarray(from, to) };
  });
}
