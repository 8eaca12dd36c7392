import type { AutocastDevice } from "./amp-autocast";
import { noGrad } from "./autograd";
import { ops } from "./dispatch";
import { checkOptions, describe } from "./errors";
import { full } from "./generated/functions";
import { keep, scope } from "./memory";
import { Tensor } from "./tensor";

/** Options of a `GradScaler`, with PyTorch's defaults. */
export interface GradScalerOptions {
  /** What losses are multiplied by at first; 65,536. */
  readonly initScale?: number;
  /** What the scale is multiplied by after `growthInterval` steps without infinities; 2. */
  readonly growthFactor?: number;
  /** What the scale is multiplied by after a step with infinities; 0.5. */
  readonly backoffFactor?: number;
  /** How many steps without infinities let the scale grow; 2,000. */
  readonly growthInterval?: number;
  /** False makes of `scale`, `unscale_` and `update` nothing, and of `step` the optimizer's. */
  readonly enabled?: boolean;
}

/** As PyTorch names it in its own state. */
export interface GradScalerState {
  readonly scale: number;
  readonly growth_factor: number;
  readonly backoff_factor: number;
  readonly growth_interval: number;
  /** Steps without infinities since the scale last changed. */
  readonly _growth_tracker: number;
}

/** What a scaler needs of an optimizer. */
export interface ScalableOptimizer {
  readonly groups: readonly { readonly params: readonly Tensor[] }[];
  step(): void;
}

/** @internal Where an optimizer is between two updates: the infinities of its gradients, per device. */
interface Progress {
  readonly foundInf: readonly Tensor[];
  stepped: boolean;
}

/**
 * Keeps small gradients of float16 from becoming zero: the loss is multiplied by a scale, and gradients
 * are divided by it before a step, which is left out where one is infinite or not a number. The scale
 * grows while all goes well (Micikevicius et al. 2018, arXiv 1710.03740). Numbers and defaults are those
 * of PyTorch's `torch.amp.GradScaler`.
 *
 *     scaler.scale(loss).backward();
 *     scaler.step(optimizer);
 *     scaler.update();
 */
export class GradScaler {
  private readonly enabled: boolean;
  private growthFactor: number;
  private backoffFactor: number;
  private growthInterval: number;
  /** [] float32, and [] int32. */
  private readonly tensors: { readonly scale: Tensor; readonly tracker: Tensor } | null;
  private progress = new Map<ScalableOptimizer, Progress>();

  /** Throws TypeError for an unknown device and for numbers out of range. */
  constructor(device: AutocastDevice | (string & {}) = "cuda", options: GradScalerOptions = {}) {
    checkOptions("GradScaler", options, Object.keys(ranges).concat("enabled"));
    const { enabled = true, ...numbers } = options;
    const { initScale, growthFactor, backoffFactor, growthInterval } = { ...defaults, ...numbers };
    for (const [name, value] of Object.entries(numbers)) checkNumber(name, value);
    this.enabled = enabled;
    this.growthFactor = growthFactor;
    this.backoffFactor = backoffFactor;
    this.growthInterval = growthInterval;
    this.tensors = enabled
      ? {
          scale: keep(full([], initScale, { dtype: "float32", device })),
          tracker: keep(full([], 0, { dtype: "int32", device })),
        }
      : null;
  }

  /** Whether losses are scaled at all. */
  isEnabled(): boolean {
    return this.enabled;
  }

  /** The loss, or each of several tensors, times the scale. */
  scale(output: Tensor): Tensor;
  scale(outputs: readonly Tensor[]): Tensor[];
  scale(outputs: Tensor | readonly Tensor[]): Tensor | Tensor[] {
    const { tensors } = this;
    const one = (output: Tensor) =>
      tensors === null ? output : output.mul(tensors.scale.to(output.device));
    return outputs instanceof Tensor ? one(outputs) : outputs.map(one);
  }

  /**
   * Divides the gradients of an optimizer's parameters by the scale, in place, and looks for infinities;
   * for what looks at gradients before `step`, such as clipping. Throws Error when it was done since the
   * last `update`, and for gradients of float16: the parameters of mixed precision are float32.
   */
  unscale_(optimizer: ScalableOptimizer): void {
    const { tensors } = this;
    if (tensors === null) return;
    const done = this.progress.get(optimizer);
    if (done) {
      const what = done.stepped
        ? "is called after step()"
        : "was called on this optimizer since the last update() already";
      throw new Error(`GradScaler.unscale_: ${what}`);
    }
    const gradients = optimizer.groups.flatMap(({ params }) =>
      params.flatMap(({ grad }) => grad ?? []),
    );
    const half = gradients.find(({ dtype }) => dtype === "float16");
    if (half) {
      throw new Error(
        "GradScaler.unscale_: expected gradients of float32, given one of float16: keep the parameters in " +
          "float32 and compute in torch.autocast",
      );
    }
    const foundInf = noGrad(() => scope(() => unscale(gradients, tensors.scale)));
    for (const found of foundInf) keep(found);
    this.progress.set(optimizer, { foundInf, stepped: false });
  }

  /**
   * Takes the optimizer's step, after `unscale_` where that was not called, unless a gradient is infinite
   * or not a number. Returns whether it was taken. Throws Error when there was one since the last
   * `update`, and where no parameter has a gradient.
   */
  step(optimizer: ScalableOptimizer): boolean {
    if (this.enabled) {
      if (this.progress.get(optimizer)?.stepped) {
        throw new Error("GradScaler.step: was called since the last update() already");
      }
      if (!this.progress.has(optimizer)) this.unscale_(optimizer);
      const progress = this.progress.get(optimizer)!;
      if (progress.foundInf.length === 0) {
        throw new Error(
          "GradScaler.step: expected gradients, but no parameter has one: call backward first",
        );
      }
      progress.stepped = true;
      if (progress.foundInf.some((found) => Number(found.item()) > 0)) return false;
    }
    optimizer.step();
    return true;
  }

  /**
   * Adapts the scale to the steps since the last update, or sets it. Throws Error when there was no
   * step.
   */
  update(newScale?: number): void {
    const { tensors } = this;
    if (tensors === null) return;
    if (newScale !== undefined) {
      checkNumber("newScale", newScale);
      tensors.scale.fill_(newScale);
    } else {
      const found = [...this.progress.values()].flatMap(({ foundInf }) => foundInf);
      if (found.length === 0) {
        throw new Error("GradScaler.update: expected a step() or unscale_() since the last update");
      }
      noGrad(() =>
        scope(() => {
          const { scale, tracker } = tensors;
          const any = found.map((one) => one.to(scale.device)).reduce((sum, one) => sum.add(one));
          const { growthFactor, backoffFactor, growthInterval } = this;
          scale._ampUpdateScale_(tracker, any, growthFactor, backoffFactor, growthInterval);
        }),
      );
    }
    for (const { foundInf } of this.progress.values())
      for (const found of foundInf) found.dispose();
    this.progress = new Map();
  }

  /** The scale; 1 where scaling is not enabled. */
  getScale(): number {
    return this.tensors === null ? 1 : Number(this.tensors.scale.item());
  }

  /** What the scale is multiplied by when it grows. */
  getGrowthFactor(): number {
    return this.growthFactor;
  }

  /** Throws TypeError for a factor of 1 or less. */
  setGrowthFactor(value: number): void {
    checkNumber("growthFactor", value);
    this.growthFactor = value;
  }

  /** What the scale is multiplied by after a step with infinities. */
  getBackoffFactor(): number {
    return this.backoffFactor;
  }

  /** Throws TypeError for a factor outside of 0 and 1. */
  setBackoffFactor(value: number): void {
    checkNumber("backoffFactor", value);
    this.backoffFactor = value;
  }

  /** How many steps without infinities let the scale grow. */
  getGrowthInterval(): number {
    return this.growthInterval;
  }

  /** Throws TypeError for what is no positive integer. */
  setGrowthInterval(value: number): void {
    checkNumber("growthInterval", value);
    this.growthInterval = value;
  }

  /** Empty where scaling is not enabled. */
  stateDict(): GradScalerState | Record<string, never> {
    if (this.tensors === null) return {};
    return {
      scale: this.getScale(),
      growth_factor: this.growthFactor,
      backoff_factor: this.backoffFactor,
      growth_interval: this.growthInterval,
      _growth_tracker: Number(this.tensors.tracker.item()),
    };
  }

  /** Goes on from a state. Throws Error for an incomplete one, such as that of a disabled scaler. */
  loadStateDict(state: GradScalerState | Record<string, never>): void {
    const { tensors } = this;
    if (tensors === null) return;
    const missing = stateNames.filter((name) => typeof state[name] !== "number");
    if (missing.length > 0) {
      throw new Error(
        `GradScaler.loadStateDict: expected the numbers ${stateNames.join(", ")}, missing are ` +
          `${missing.join(", ")}; the state of a scaler that is not enabled is empty`,
      );
    }
    tensors.scale.fill_(state.scale);
    tensors.tracker.fill_(state._growth_tracker);
    this.growthFactor = state.growth_factor;
    this.backoffFactor = state.backoff_factor;
    this.growthInterval = state.growth_interval;
  }
}

const stateNames = [
  "scale",
  "growth_factor",
  "backoff_factor",
  "growth_interval",
  "_growth_tracker",
] as const satisfies readonly (keyof GradScalerState)[];

const defaults = { initScale: 65536, growthFactor: 2, backoffFactor: 0.5, growthInterval: 2000 };

const ranges: Readonly<Record<string, readonly [string, (value: number) => boolean]>> = {
  initScale: ["a positive number", (value) => value > 0 && Number.isFinite(value)],
  newScale: ["a positive number", (value) => value > 0 && Number.isFinite(value)],
  growthFactor: ["a number above 1", (value) => value > 1 && Number.isFinite(value)],
  backoffFactor: ["a number between 0 and 1", (value) => value > 0 && value < 1],
  growthInterval: ["a positive integer", (value) => Number.isInteger(value) && value > 0],
};

function checkNumber(name: string, value: unknown): void {
  const [expected, isIn] = ranges[name];
  if (typeof value === "number" && isIn(value)) return;
  throw new TypeError(`GradScaler: '${name}': expected ${expected}, given ${describe(value)}`);
}

/** Divides gradients by the scale in place; per device, 1 where any is infinite or NaN, 0 otherwise. */
function unscale(gradients: readonly Tensor[], scale: Tensor): Tensor[] {
  // The quotient in float64, as PyTorch has it: in float32 that of a subnormal scale is infinite.
  const inverse = scale.double().reciprocal().float();
  const kinds = new Map<string, Tensor[]>();
  for (const gradient of gradients) {
    const kind = `${gradient.device} ${gradient.dtype}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), gradient]);
  }
  const found = new Map<string, Tensor>();
  for (const alike of kinds.values()) {
    const { device } = alike[0];
    const here = found.get(device) ?? full([], 0, { dtype: "float32", device });
    found.set(device, here);
    ops.aten._amp_foreach_non_finite_check_and_unscale_(alike, here, inverse.to(device));
  }
  return [...found.values()];
}
