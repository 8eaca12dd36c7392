import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { checkState, requireState } from "./check-state";
import {
  completeGroup,
  completeGroups,
  type OptimizerState,
  type ParameterGroup,
  type ParameterGroupOptions,
  refuseGroups,
} from "./groups";
import { type MasterOptions, Masters } from "./masters";

/**
 * Whether a tensor of the state counts steps [] float32, is like its parameter, or is the parameter's
 * single-precision master, which a state may lack.
 */
export type Slot = "count" | "like parameter" | "master";

/** A list for every tensor of the state, by name. */
export interface StateLists {
  readonly [name: string]: Tensor[] | undefined;
}

export interface WithGradient {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
}

/**
 * What optimizers share: groups of parameters, state by parameter, and the state dict. `N` are the
 * hyper-parameters of a group, by their names.
 */
export abstract class Optimizer<N extends object> {
  private readonly all: ParameterGroup<N>[];
  /** By parameter, or by its master. */
  private readonly slots = new Map<Tensor, Record<string, Tensor>>();
  private readonly masters: Masters;

  /**
   * Takes parameters, or groups of them, with the defaults of what a group leaves open.
   *
   * @throws Error naming all hyper-parameters out of range, parameters given twice, and no parameters.
   */
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions<N>[],
    private readonly defaults: N,
    options: MasterOptions = {},
  ) {
    const { masterWeights = false } = checkOptions(new.target.name, options, ["masterWeights"]);
    this.masters = new Masters(masterWeights);
    this.all = completeGroups(params, defaults);
    this.refuse(this.all);
  }

  /** The groups: their hyper-parameters may be changed between steps. */
  get groups(): readonly ParameterGroup<N>[] {
    return this.all;
  }

  /** Adds parameters that are optimized from now on; throws as the constructor does. */
  addParamGroup(options: ParameterGroupOptions<N>): void {
    const group = completeGroup(options, this.defaults);
    this.refuse([...this.all, group]);
    this.all.push(group);
  }

  /** Takes one step along the gradients that the parameters have. */
  step(): void {
    this.updateAll((group, params) => this.update(group, params));
  }

  /** Drops the gradients of all parameters. */
  zeroGrad(): void {
    for (const { params } of this.all) for (const parameter of params) parameter.grad = null;
  }

  /** The optimizer's own tensors, not copies of them, and the groups' numbers. */
  stateDict(): OptimizerState<N> {
    const tensors = this.parameters().flatMap((parameter, number) => {
      const master = this.masters.of(parameter);
      const own = { ...this.slots.get(master ?? parameter), ...(master && { [MASTER]: master }) };
      return Object.entries(own).map(([name, tensor]): [string, Tensor] => [
        `${number}.${name}`,
        tensor,
      ]);
    });
    return {
      tensors: Object.fromEntries(tensors),
      groups: this.all.map(({ params, ...numbers }) => ({ ...numbers, params: params.length })),
    };
  }

  /**
   * Takes over copies of a state, after the weights are those that it goes with: masters that it lacks
   * start at the weights. Throws with all problems, and nothing changed, where it does not fit.
   */
  loadStateDict(state: OptimizerState<N>): void {
    requireState(state);
    const { tensors, groups } = state;
    const slots = this.all.flatMap((group, number) => {
      const own = this.slotsOf({ ...group, ...groups[number], params: group.params });
      return group.params.map(
        (parameter): Readonly<Record<string, Slot>> =>
          this.masters.isFor(parameter) ? { ...own, [MASTER]: "master" } : own,
      );
    });
    checkState(tensors, groups, this.all, slots);
    this.slots.clear();
    this.masters.clear();
    torch.noGrad(() => {
      for (const [number, parameter] of this.parameters().entries()) {
        this.take(parameter, tensors, number, slots[number]);
      }
    });
    for (const [number, { params: _, ...numbers }] of groups.entries()) {
      Object.assign(this.all[number], numbers);
    }
  }

  /** The names of a parameter's tensors in the state, under a group's hyper-parameters. */
  protected abstract slotsOf(group: ParameterGroup<N>): Readonly<Record<string, Slot>>;

  /** What is wrong with a group's hyper-parameters. */
  protected abstract problemsOf(group: ParameterGroup<N>): string[];

  /** Takes a step with parameters that are alike in device and dtype. */
  protected abstract update(group: ParameterGroup<N>, params: readonly WithGradient[]): void;

  /** A list for every tensor of the state, in the order of the parameters; new ones are zero. */
  protected stateOf(group: ParameterGroup<N>, params: readonly WithGradient[]): StateLists {
    const names = Object.entries(this.slotsOf(group));
    const lists: Record<string, Tensor[]> = Object.fromEntries(names.map(([name]) => [name, []]));
    for (const { parameter } of params) {
      const known = this.slots.get(parameter);
      const own = known ?? {};
      if (!known) this.slots.set(parameter, own);
      for (const [name, kind] of names) {
        own[name] ??= zeroSlot(parameter, kind);
        lists[name].push(own[name]);
      }
    }
    return lists;
  }

  /** Whether a parameter took a step that left something in the state. */
  protected hasState(parameter: Tensor): boolean {
    return this.slots.has(parameter);
  }

  /** Updates what has a gradient, group by group, those that are alike together; or their masters. */
  protected updateAll(
    update: (group: ParameterGroup<N>, params: readonly WithGradient[], number: number) => void,
  ): void {
    const updateAlike = (number: number, params: readonly WithGradient[]) => {
      const group = this.all[number];
      if (!this.masters.isFor(params[0].parameter)) return update(group, params, number);
      update(group, this.masters.widen(params), number);
      this.masters.round(params);
    };
    torch.noGrad(() =>
      torch.scope(() => {
        for (const [number, group] of this.all.entries()) {
          for (const params of alike(group.params)) updateAlike(number, params);
        }
      }),
    );
  }

  private take(
    parameter: Tensor,
    tensors: Readonly<Record<string, Tensor>>,
    number: number,
    slots: Readonly<Record<string, Slot>>,
  ): void {
    const { [MASTER]: master, ...given } = Object.fromEntries(
      Object.keys(slots).map((name) => [name, tensors[`${number}.${name}`]]),
    );
    const there = Object.entries(given).filter(([, tensor]) => tensor);
    if (there.length === 0 && !master) return;
    const updated = this.masters.isFor(parameter)
      ? this.masters.start(parameter, master)
      : parameter;
    const own = there.map(([name, tensor]) => {
      const dtype = slots[name] === "count" ? "float32" : updated.dtype;
      return [name, torch.keep(tensor.to({ device: updated.device, dtype, copy: true }))];
    });
    if (own.length > 0) this.slots.set(updated, Object.fromEntries(own));
  }

  private parameters(): Tensor[] {
    return this.all.flatMap(({ params }) => params);
  }

  private refuse(groups: readonly ParameterGroup<N>[]): void {
    refuseGroups(this.constructor.name, groups, (group) => this.problemsOf(group));
  }
}

/** Parameters whose gradient was found to be dense; asking takes as long as a small operator. */
const dense = new WeakSet<Tensor>();

/** The parameters with a gradient, grouped as the fused operators take them: one device, one dtype. */
function alike(params: readonly Tensor[]): WithGradient[][] {
  const groups = new Map<string, WithGradient[]>();
  for (const parameter of params) {
    const gradient = parameter.grad;
    if (!gradient) continue;
    if (!dense.has(parameter)) refuseSparse(parameter, gradient);
    const kind = `${parameter.device} ${parameter.dtype}`;
    if (!groups.has(kind)) groups.set(kind, []);
    groups.get(kind)!.push({ parameter, gradient });
  }
  return [...groups.values()];
}

function refuseSparse(parameter: Tensor, { layout }: Tensor): void {
  if (layout !== "strided") {
    throw new Error(
      `a gradient of [${parameter.shape}] is ${layout}, and optimizers take dense ones: ` +
        "make the embedding without `sparse`",
    );
  }
  dense.add(parameter);
}

function zeroSlot(parameter: Tensor, kind: Slot): Tensor {
  const { device } = parameter;
  const isCount = kind === "count";
  return torch.keep(
    isCount ? torch.zeros([], { dtype: "float32", device }) : torch.zerosLike(parameter),
  );
}

/** The name of masters in the state. */
const MASTER = "master";
