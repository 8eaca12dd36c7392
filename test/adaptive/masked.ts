import {
  type AdaptedModel,
  findSites,
  type Inputs,
  type Part,
  type Strategy,
} from "../../src/adaptive";
import { hiddenName } from "../../src/models/stand-ins";
import {
  branchPoint,
  inForward,
  Module,
  MultiHeadAttention,
  type Registered,
  withoutPacking,
} from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/**
 * The naive way to adapt, as an independent reference: every alternative of every site runs on the
 * whole batch with its graph, and a straight-through gate of plain operators mixes the results.
 */
export class Masked {
  private readonly policy: Module;
  private readonly sites: MaskedSite[];

  /** Takes the pretrained model, which it changes, and the weights of an adapted one by name. */
  constructor(
    private readonly model: Module,
    strategy: Strategy,
    adapted: AdaptedModel,
  ) {
    this.policy = adapted.policy!.clone();
    const made = new Map<string, MaskedSite>();
    for (const [n, { path, part }] of findSites(model, strategy.where!).entries()) {
      if (!made.has(path)) {
        const label = hiddenName(model, path);
        made.set(path, new MaskedSite(model.getModule(path), part, strategy, label));
        model.setModule(path, made.get(path)!);
      }
      made.get(path)!.positions.push(n);
    }
    this.sites = [...made.values()];
    const state = adapted.stateDict();
    torch.noGrad(() => {
      for (const [name, weight] of this.weights()) weight.copy_(state[name]);
    });
    // What the adapted model trains decides what drops: what is frozen is in evaluation mode.
    const trained = new Set(
      this.weights().flatMap(([name, weight]) => (state[name].requiresGrad ? [weight] : [])),
    );
    train(model, true, (weight) => trained.has(weight));
  }

  /** The outputs and the gate [B,N,K] at a given noise E [B,N,K]. */
  forward(inputs: Inputs, exponential: Tensor, temperature: number): Record<string, Tensor> {
    return inForward(() => this.mix(inputs, exponential, temperature));
  }

  private mix(inputs: Inputs, exponential: Tensor, temperature: number): Record<string, Tensor> {
    const logits = this.policy.forward(inputs, this.model) as Tensor;
    const noisy = logits.sub(exponential.log());
    const soft = noisy.div(temperature).softmax(-1);
    const hard = torch.oneHot(noisy.argmax(-1), logits.shape[2]).to(soft.dtype);
    const gate = hard.add(soft.sub(soft.detach()));
    for (const site of this.sites) site.gate = gate;
    const outputs = withoutPacking(() => this.model.forward(inputs)) as Record<string, Tensor>;
    return { ...outputs, gate };
  }

  /** All weights by the names that they have in the adapted model. */
  weights(): [string, Tensor][] {
    const named = (module: Module) => Object.entries(module.stateDict());
    return [
      ...named(this.model).map(([name, w]): [string, Tensor] => [
        name.replace(/\.(frozen|keep)\./, "."),
        w,
      ]),
      ...named(this.policy).map(([name, w]): [string, Tensor] => [`policy.${name}`, w]),
    ];
  }
}

/**
 * Sets the mode of modules by whether they train, sites in them aside, and that of alternatives by
 * whether all of it does; those without weights go with what is around.
 */
function train(module: Module, around: boolean, trains: (weight: Tensor) => boolean): void {
  const own = new Set(module.parameters());
  for (const [, below] of module.namedModules()) {
    if (below instanceof MaskedSite) for (const weight of below.parameters()) own.delete(weight);
  }
  module.training = own.size === 0 ? around : [...own].some(trains);
  for (const child of module.children()) {
    if (child instanceof MaskedSite) {
      for (const alternative of child.children())
        alternative.train(alternative.parameters().some(trains));
    } else train(child, module.training, trains);
  }
}

/** y [B,..] = sum over alternatives k of gate[:, k] y_k [B,..], all of them computed. */
class MaskedSite extends Module {
  /** [B,N,K], set before a forward. */
  gate: Tensor | null = null;
  /** The numbers of its decisions: one, or those of its heads. */
  readonly positions: number[] = [];
  private readonly order: readonly string[];
  private readonly isAttention: boolean;
  /** 0 where the decision is about all of the module. */
  private readonly heads: number;

  constructor(
    pretrained: Module,
    private readonly part: Part,
    { what }: Strategy,
    /** The name of its place, where the state has none. */
    private readonly label: string,
  ) {
    super();
    this.order = what.map(({ name }) => name);
    for (const { name, build } of what) {
      if (name !== "skip") Object.assign(this, { [name]: build(pretrained.clone(), part) });
    }
    this.isAttention = pretrained instanceof MultiHeadAttention;
    this.heads = part === "head" ? (pretrained as MultiHeadAttention).heads : 0;
  }

  override forward(...args: Tensor[]): unknown {
    const alike = branchPoint();
    const results = this.order.map((name) =>
      name === "skip" ? this.nothing(args) : alike(() => this.getModule(name).forward(...args)),
    );
    const first = results.find((result) => result !== null);
    if (!Array.isArray(first)) return this.mix(results as (Tensor | null)[]);
    return first.map((_, n) => this.mix(results.map((result) => (result as Tensor[])[n])));
  }

  override registered(): Registered[] {
    const label = (name: string) => (name === "tuned" || name === "replace" ? this.label : "");
    return super
      .registered()
      .map(([name, entry]) => [name, entry, label(name) ? `${label(name)}.${name}` : name]);
  }

  /** What a part that is left out gives; null for zeros. */
  private nothing(args: Tensor[]): unknown {
    if (this.part === "head" || this.part === "intermediate" || this.isAttention) return null;
    if (this.part === "output") return args[1];
    return this.streams > 1 ? args.slice(0, this.streams) : args[0];
  }

  private get streams(): number {
    const other = this.getModule(this.order.find((name) => name !== "skip")!);
    return (other as { streams?: number }).streams ?? 1;
  }

  private mix(results: readonly (Tensor | null)[]): Tensor {
    const weighted = results.flatMap((y, k) => (y ? [this.weigh(y, k)] : []));
    return weighted.reduce((sum, y) => sum.add(y));
  }

  private weigh(y: Tensor, k: number): Tensor {
    const gates = this.positions.map((n) => this.gate!.select(1, n).select(1, k)); // each [B]
    if (this.heads === 0) return y.mul(gates[0].view([-1, ...y.shape.slice(1).map(() => 1)]));
    const [batch, length, size] = y.shape;
    const byHead = y.reshape([batch, length, this.heads, size / this.heads]);
    return byHead.mul(torch.stack(gates, 1).view([batch, 1, -1, 1])).reshape(y.shape);
  }
}
