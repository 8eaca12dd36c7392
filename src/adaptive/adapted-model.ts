import { functional, Module, Parameter, type Registered, sendToDevice } from "../nn";
import * as torch from "../torch";
import { noGrad, Tensor } from "../torch";
import { checkOptions } from "../torch/errors";
import { type DecisionSpace, Decisions } from "./decisions";
import { type Execution, wayOf } from "./execution";
import type { ExportOptions, LoadAdaptedOptions } from "./export";
import type { Gate, GateOptions } from "./gates";
import type { Mask } from "./mask";
import { merge } from "./merge";
import type { Inputs, Policy, PolicyOptions } from "./policies";
import { batchOf } from "./policies/policy";
import { RoutedHeads } from "./routed-heads";
import { RoutedModule } from "./routed-module";
import type { ExecutedRows, Routing } from "./routing";
import type { Strategy } from "./strategy";

/** A model that can be adapted: named inputs, all leading with the batch, to named outputs. */
export interface AdaptableModel extends Module {
  forward(inputs: Inputs): Readonly<Record<string, Tensor>>;
}

export interface ForwardOptions {
  /** Decisions to take instead of the policy's: [B,N], or [N] for all inputs, as numbers below K. */
  readonly decisions?: Tensor | readonly number[] | readonly (readonly number[])[];
  /** Noise E ~ Exp(1) [B,N,K] for the gate instead of drawn noise. */
  readonly exponential?: Tensor;
}

/** What an adapted model tells beside the model's outputs; a static strategy decides nothing. */
export interface Told {
  /** One-hot decisions [B,N,K] with their straight-through gradient. */
  readonly gate?: Tensor;
  /** [B,N] int64, the number of the alternative. */
  readonly decisions?: Tensor;
  /** The policy's probabilities [B,N,K]; absent where decisions were given. */
  readonly probabilities?: Tensor;
  /** Matrix-product FLOPs [B] of this forward by input, policy and counterfactuals included. */
  readonly flops: Float64Array;
}

/** What an adapted model was made with. */
export interface Origin {
  readonly strategy: Strategy;
  /** The size of its policy network; null where the policy is a module of the user's. */
  readonly policy: PolicyOptions | null;
  readonly gate: GateOptions;
  readonly execution: Execution;
}

/**
 * A model whose sites are routed by the decisions of a policy; made by `adapt`.
 *
 * Its state has the model's own names for what the model had, `<site>.tuned...` for tuned twins and
 * `policy...` for the policy. In training decisions are sampled and carry a gradient; in evaluation
 * each input gets its most probable alternatives and nothing is drawn or run in vain.
 */
export class AdaptedModel<M extends AdaptableModel = AdaptableModel> extends Module {
  private readonly attentions: readonly RoutedHeads[];

  constructor(
    readonly model: M,
    readonly policy: Policy | null,
    readonly gate: Gate,
    private readonly routing: Routing,
    readonly origin: Origin,
  ) {
    super();
    const modules = model.namedModules().map(([, module]) => module);
    this.attentions = modules.filter((module) => module instanceof RoutedHeads);
  }

  /** Takes the model's inputs; gives its outputs and what was decided. */
  override forward(
    inputs: Parameters<M["forward"]>[0],
    options: ForwardOptions = {},
  ): ReturnType<M["forward"]> & Told {
    checkOptions("AdaptedModel: forward", options, ["decisions", "exponential"]);
    const { batch } = batchOf(inputs);
    const forward = () => {
      const { decisions, gate, probabilities } = this.decide(inputs, options);
      const routed = this.routing.during(decisions, () => this.model.forward(inputs));
      return { ...routed, decisions, gate, probabilities };
    };
    const way = wayOf(this.origin.execution);
    const { result, bySample } = functional.countFlops(() => way.run(forward), batch);
    const { outputs, decisions, gate, probabilities } = result;
    return {
      ...(outputs as ReturnType<M["forward"]>),
      ...(decisions && { gate, decisions: decisions.choice, probabilities }),
      flops: bySample.map((flops, input) => flops + (result.flops?.[input] ?? 0)),
    };
  }

  /** What is decided about, by name. */
  get space(): DecisionSpace {
    return this.routing.space;
  }

  /** Every site with the names of its alternatives, in the order of the decisions. */
  get sites(): { name: string; alternatives: readonly string[] }[] {
    const { sites, alternatives } = this.space;
    return sites.map((name) => ({ name, alternatives }));
  }

  /** What the sites ran since the last `resetExecuted`, by site and alternative. */
  get executed(): ExecutedRows[] {
    return this.routing.executed;
  }

  resetExecuted(): void {
    this.routing.reset();
  }

  /**
   * The plain model that gives the same for every input where all get the same decisions: a number
   * for every site, or an alternative's name for all. Without a mask, that of a static strategy.
   */
  merge(mask: Mask = []): M {
    return merge(this.model, this.space, mask);
  }

  /**
   * Writes a folder that has all it needs: an adaptive model, which `AdaptedModel.fromPretrained`
   * reads, or, under a mask and of a static strategy, a plain one for `Model.fromPretrained`.
   * Throws as `exportAdapted` does.
   */
  export(folder: string, options: ExportOptions = {}): void {
    exporting().exportAdapted(this, folder, options);
  }

  /** Reads an adaptive model that `export` wrote; a policy of the user's has to be given. */
  static fromPretrained(folder: string, options: LoadAdaptedOptions = {}): AdaptedModel {
    return exporting().loadAdapted(folder, options);
  }

  /** The parameters that train, the policy's apart: it has an optimizer of its own. */
  parameterGroups(): { model: Parameter[]; policy: Parameter[] } {
    const training = (module: Module | null) =>
      (module?.parameters() ?? []).filter((parameter) => parameter.requiresGrad);
    return { model: training(this.model), policy: training(this.policy) };
  }

  /** The model's own names, with the policy below `policy`. */
  override registered(): Registered[] {
    const policy: Registered[] = this.policy ? [["policy", this.policy]] : [];
    return [...this.model.registered(), ...policy];
  }

  /** In training too, what is frozen stays in evaluation mode: pretrained features do not drop. */
  override train(mode = true): this {
    this.training = mode;
    this.model.train(mode);
    this.policy?.train(mode);
    if (mode) keepFrozenInEvaluation(this.model, true);
    return this;
  }

  private decide(inputs: Inputs, { decisions, exponential }: ForwardOptions): Decided {
    const { space } = this;
    const { batch, device } = batchOf(inputs);
    if (space.sites.length === 0) return { decisions: null };
    if (decisions) {
      const given = givenDecisions(decisions, batch, space, device);
      return { decisions: given, gate: given.gate };
    }

    const ask = (): Decided => {
      const logits = this.policy!.forward(inputs, this.model);
      const expected = [batch, space.sites.length, space.alternatives.length];
      if (logits.shape.join() !== expected.join()) {
        throw new Error(
          `the policy gave logits [${logits.shape}] where [B,N,K] is [${expected}]: ` +
            `${space.sites.length} sites with ${space.alternatives.join(", ")}`,
        );
      }
      const own = exponential ?? this.policy!.noise?.(inputs);
      const sample = this.training || own !== undefined;
      const comparedAnyway = this.attentions.flatMap((heads) => heads.comparedAtOnce(device));
      const drawn = this.gate.decide(logits, { sample, exponential: own, comparedAnyway });
      const { gate, choice, probabilities, compared } = drawn;
      const decisions = new Decisions(compared?.gate ?? gate, choice, compared?.where);
      return { decisions, gate, probabilities };
    };
    // Without a gradient the gate asks for no counterfactuals: evaluation runs what was picked.
    return this.training ? ask() : noGrad(ask);
  }
}

interface Decided {
  readonly decisions: Decisions | null;
  /** As all but the router sees it: sampled counterfactuals weigh the router's gradient alone. */
  readonly gate?: Tensor;
  readonly probabilities?: Tensor;
}

function givenDecisions(
  decisions: NonNullable<ForwardOptions["decisions"]>,
  batch: number,
  { sites, alternatives }: DecisionSpace,
  device: string,
): Decisions {
  const given = decisions instanceof Tensor ? decisions : torch.tensor(decisions as number[][]);
  const choice = sendToDevice(given.to("int64").expand([batch, sites.length]).contiguous(), device);
  return new Decisions(torch.oneHot(choice, alternatives.length).to("float32"), choice);
}

/**
 * Sets modules by whether anything outside routed sites trains in them; a module without weights,
 * such as dropout, goes with the module around it. Routed sites see to their alternatives.
 */
function keepFrozenInEvaluation(module: Module, aroundTrains: boolean): void {
  if (module instanceof RoutedModule) return;
  const parameters = parametersOutsideSites(module);
  const trains =
    parameters.length === 0 ? aroundTrains : parameters.some(({ requiresGrad }) => requiresGrad);
  module.training = trains;
  for (const child of module.children()) keepFrozenInEvaluation(child, trains);
}

function parametersOutsideSites(module: Module): Parameter[] {
  if (module instanceof RoutedModule) return [];
  return module
    .registered()
    .flatMap(([, entry]) =>
      entry instanceof Module
        ? parametersOutsideSites(entry)
        : entry instanceof Parameter
          ? [entry]
          : [],
    );
}

/** Looked up when used: what reads a model makes one. */
function exporting() {
  return require("./export") as typeof import("./export");
}
