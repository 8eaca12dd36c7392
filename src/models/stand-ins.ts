import {
  type AttentionMask,
  Linear,
  Module,
  ModuleList,
  type MultiHeadAttention,
  type Registered,
} from "../nn";
import type { Tensor } from "../torch";

/** A stand-in as `config.json` has it. */
export type StandInDescription =
  | { readonly pass_on: readonly [first: number, count: number] }
  | { readonly nothing: number }
  | { readonly linear: readonly (readonly [inFeatures: number, outFeatures: number])[] }
  | { readonly linear_onto_residual: readonly [inFeatures: number, outFeatures: number] }
  | { readonly linear_beside_heads: readonly [inFeatures: number, outFeatures: number] };

/** All stand-ins of a model by the paths of what they stand in for: `stand_ins` in `config.json`. */
export type StandIns = Readonly<Record<string, StandInDescription>>;

/** A module in the place of a part of a model that was left out or replaced. */
export abstract class StandIn extends Module {
  abstract describe(): StandInDescription;
}

/** Gives `count` of its arguments back, from number `first` on: one alone, more as a list. */
export class PassOn extends StandIn {
  constructor(
    private readonly first: number,
    private readonly count: number,
  ) {
    super();
  }

  override forward(...args: unknown[]): unknown {
    return this.count === 1 ? args[this.first] : args.slice(this.first, this.first + this.count);
  }

  override describe(): StandInDescription {
    return { pass_on: [this.first, this.count] };
  }
}

/** x [..,n] -> zeros [..,size] */
export class Nothing extends StandIn {
  constructor(private readonly size: number) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return x.newZeros([...x.shape.slice(0, -1), this.size]);
  }

  override describe(): StandInDescription {
    return { nothing: this.size };
  }
}

/** A linear layer for each stream: (language, vision, ..) -> [linear(language), linear(vision)]. */
export class LinearStreams extends StandIn {
  readonly streams: ModuleList<Linear>;

  /** `label` is put before the names in the state, where its place has no name of its own there. */
  constructor(
    streams: readonly Linear[],
    private readonly label = "",
  ) {
    super();
    this.streams = new ModuleList(streams);
  }

  override forward(...args: Tensor[]): Tensor | Tensor[] {
    const outputs = [...this.streams].map((linear, number) => linear.forward(args[number]));
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  override registered(): Registered[] {
    return [["streams", this.streams, this.label === "" ? "streams" : `${this.label}.streams`]];
  }

  override describe(): StandInDescription {
    return { linear: [...this.streams].map(sizesOf) };
  }
}

/** x [..,n], residual [..,D] -> residual + linear(x) */
export class LinearOntoResidual extends StandIn {
  constructor(readonly linear: Linear) {
    super();
  }

  override forward(x: Tensor, residual: Tensor): Tensor {
    return this.linear.forward(x).add(residual);
  }

  override describe(): StandInDescription {
    return { linear_onto_residual: sizesOf(this.linear) };
  }
}

/** Attention whose heads give zeros where, in their place, a linear layer of its input does not. */
export class LinearBesideHeads extends StandIn {
  constructor(
    private readonly attention: MultiHeadAttention,
    readonly linear: Linear,
  ) {
    super();
  }

  override forward(x: Tensor, mask?: AttentionMask, context?: Tensor): Tensor {
    return this.attention.forward(x, mask, context).add(this.linear.forward(x));
  }

  /** The attention keeps its names. */
  override registered(): Registered[] {
    return [...this.attention.registered(), ["linear", this.linear]];
  }

  override describe(): StandInDescription {
    return { linear_beside_heads: sizesOf(this.linear) };
  }
}

/** The stand-ins that a model has. */
export function describeStandIns(model: Module): StandIns {
  return Object.fromEntries(
    model
      .namedModules()
      .flatMap(([path, module]) => (module instanceof StandIn ? [[path, module.describe()]] : [])),
  );
}

/** Puts stand-ins, with fresh weights, into a model as described. */
export function putStandIns(model: Module, described: StandIns): void {
  for (const [path, description] of Object.entries(described)) {
    const label = hiddenName(model, path);
    model.setModule(path, make(description, model.getModule(path), label));
  }
}

/**
 * The name that a module has in the tree but not in the state, such as `feedForward`; "" where it
 * has it in both. What comes in its place needs it, to be told from what is beside it.
 */
export function hiddenName(root: Module, path: string): string {
  const dot = path.lastIndexOf(".");
  const name = path.slice(dot + 1);
  const siblings = root.getModule(path.slice(0, Math.max(0, dot))).registered();
  const [, , stateName = name] = siblings.find(([own]) => own === name)!;
  return stateName === "" ? name : "";
}

function make(description: StandInDescription, original: Module, label: string): StandIn {
  if ("pass_on" in description) return new PassOn(...description.pass_on);
  if ("nothing" in description) return new Nothing(description.nothing);
  if ("linear" in description) {
    const linears = description.linear.map((sizes) => new Linear(...sizes));
    return new LinearStreams(linears, label);
  }
  if ("linear_onto_residual" in description) {
    return new LinearOntoResidual(new Linear(...description.linear_onto_residual));
  }
  if ("linear_beside_heads" in description) {
    const linear = new Linear(...description.linear_beside_heads);
    return new LinearBesideHeads(original as MultiHeadAttention, linear);
  }
  throw new Error(`a stand-in of an unknown kind: ${JSON.stringify(description)}`);
}

function sizesOf({ inFeatures, outFeatures }: Linear): [number, number] {
  return [inFeatures, outFeatures];
}
