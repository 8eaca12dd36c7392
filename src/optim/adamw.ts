import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkState } from "./state";

/** What an update takes beside the gradient; a group may have its own. */
export interface AdamWOptions {
  /** Learning rate; 1e-3 by default. */
  readonly lr?: number;
  /** Decay rates of the two moments; [0.9, 0.999] by default. */
  readonly betas?: readonly [number, number];
  /** Added to the denominator; 1e-8 by default. */
  readonly eps?: number;
  /** Decoupled: each step takes lr * weightDecay of the weight away; 0.01 by default. */
  readonly weightDecay?: number;
}

export interface ParameterGroupOptions extends AdamWOptions {
  readonly params: readonly Tensor[];
  /** For reports and states; the optimizer itself does not look at it. */
  readonly name?: string;
}

/** Parameters with their hyper-parameters, which may change between steps. */
export interface ParameterGroup {
  readonly params: readonly Tensor[];
  readonly name?: string;
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
}

/** An optimizer's state: tensors by `<parameter number>.<step|exp_avg|exp_avg_sq>`, and numbers. */
export interface OptimizerState {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly groups: readonly GroupState[];
}

/** A group's hyper-parameters, with how many parameters it has. */
export type GroupState = Omit<ParameterGroup, "params"> & { readonly params: number };

/** Steps taken [] float32, and running means of the gradient and of its square. */
interface Moments {
  readonly step: Tensor;
  readonly exp_avg: Tensor;
  readonly exp_avg_sq: Tensor;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101) in one fused call
 * for all parameters of a group. Parameters without a gradient are left out.
 */
export class AdamW {
  readonly groups: readonly ParameterGroup[];
  private readonly moments = new Map<Tensor, Moments>();

  /**
   * Takes parameters, or groups of them, with the defaults of what a group leaves open.
   *
   * @throws Error naming all hyper-parameters out of range, parameters given twice, and no parameters.
   */
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions[],
    defaults: AdamWOptions = {},
  ) {
    const given = isGroups(params) ? params : [{ params: params as readonly Tensor[] }];
    this.groups = given.map((group) => withDefaults(group, defaults));
    refuse(this.groups);
  }

  /** Takes one step along the gradients that the parameters have. */
  step(): void {
    torch.noGrad(() =>
      torch.scope(() => {
        for (const group of this.groups) {
          for (const params of alike(group.params)) this.update(group, params);
        }
      }),
    );
  }

  zeroGrad(): void {
    for (const { params } of this.groups) for (const parameter of params) parameter.grad = null;
  }

  /** The optimizer's own tensors, not copies of them, and the groups' numbers. */
  stateDict(): OptimizerState {
    const tensors = this.parameters().flatMap((parameter, number) =>
      Object.entries(this.moments.get(parameter) ?? {}).map(([name, tensor]) => [
        `${number}.${name}`,
        tensor as Tensor,
      ]),
    );
    return {
      tensors: Object.fromEntries(tensors),
      groups: this.groups.map(({ params, ...numbers }) => ({ ...numbers, params: params.length })),
    };
  }

  /** Takes over copies of a state; throws with all problems, and nothing changed, where it does not fit. */
  loadStateDict({ tensors, groups }: OptimizerState): void {
    const parameters = this.parameters();
    checkState(tensors, groups, parameters, this.groups);
    this.moments.clear();
    torch.noGrad(() => {
      for (const [number, parameter] of parameters.entries()) {
        if (!tensors[`${number}.step`]) continue;
        const copy = (name: keyof Moments, like: { dtype: Tensor["dtype"] }) =>
          kept(tensors[`${number}.${name}`].to(parameter.device).to(like.dtype).clone());
        this.moments.set(parameter, {
          step: copy("step", { dtype: "float32" }),
          exp_avg: copy("exp_avg", parameter),
          exp_avg_sq: copy("exp_avg_sq", parameter),
        });
      }
    });
    for (const [number, { params: _, ...numbers }] of groups.entries()) {
      Object.assign(this.groups[number], numbers);
    }
  }

  /** `params` have gradients and are alike in device and dtype. */
  private update({ lr, betas, eps, weightDecay }: ParameterGroup, params: WithGradient[]): void {
    const moments = params.map(({ parameter }) => this.momentsOf(parameter));
    const steps = moments.map(({ step }) => step);
    torch.ops.aten._foreach_add_(steps, 1);
    torch.ops.aten._fused_adamw_(
      params.map(({ parameter }) => parameter),
      params.map(({ gradient }) => gradient),
      moments.map(({ exp_avg }) => exp_avg),
      moments.map(({ exp_avg_sq }) => exp_avg_sq),
      [],
      steps,
      {
        lr,
        beta1: betas[0],
        beta2: betas[1],
        weightDecay,
        eps,
        amsgrad: false,
        maximize: false,
      },
    );
  }

  private momentsOf(parameter: Tensor): Moments {
    const known = this.moments.get(parameter);
    if (known) return known;
    const made: Moments = {
      step: kept(torch.zeros([], { dtype: "float32", device: parameter.device })),
      exp_avg: kept(torch.zerosLike(parameter)),
      exp_avg_sq: kept(torch.zerosLike(parameter)),
    };
    this.moments.set(parameter, made);
    return made;
  }

  private parameters(): Tensor[] {
    return this.groups.flatMap(({ params }) => params);
  }
}

interface WithGradient {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
}

/** The parameters with a gradient, grouped as the fused operator takes them: one device, one dtype. */
function alike(params: readonly Tensor[]): WithGradient[][] {
  const groups = new Map<string, WithGradient[]>();
  for (const parameter of params) {
    const gradient = parameter.grad;
    if (!gradient) continue;
    const kind = `${parameter.device} ${parameter.dtype}`;
    if (!groups.has(kind)) groups.set(kind, []);
    groups.get(kind)!.push({ parameter, gradient });
  }
  return [...groups.values()];
}

function kept(tensor: Tensor): Tensor {
  torch.keep(tensor);
  return tensor;
}

function isGroups(
  params: readonly Tensor[] | readonly ParameterGroupOptions[],
): params is readonly ParameterGroupOptions[] {
  return params.length > 0 && "params" in params[0];
}

function withDefaults(group: ParameterGroupOptions, defaults: AdamWOptions): ParameterGroup {
  const numbers = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0.01 };
  return { ...numbers, ...defaults, ...group, params: [...group.params] };
}

function refuse(groups: readonly ParameterGroup[]): void {
  const problems: string[] = [];
  const seen = new Set<Tensor>();
  for (const [number, { params, name, lr, betas, eps, weightDecay }] of groups.entries()) {
    const where = `group ${name ?? number}`;
    for (const [key, value] of Object.entries({ lr, eps, weightDecay })) {
      if (!(value >= 0)) problems.push(`${where}: ${key} ${value} is negative or no number`);
    }
    for (const beta of betas) {
      if (!(beta >= 0 && beta < 1)) problems.push(`${where}: beta ${beta} is not within 0 and 1`);
    }
    if (params.some((parameter) => seen.has(parameter))) {
      problems.push(`${where}: has a parameter that was given before`);
    }
    for (const parameter of params) seen.add(parameter);
  }
  if (seen.size === 0) problems.push("there are no parameters to optimize");
  if (problems.length > 0) throw new Error(`AdamW: ${problems.join("\n  ")}`);
}
