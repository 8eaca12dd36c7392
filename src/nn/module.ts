import type { Device, DType, Tensor } from "../torch";
import * as torch from "../torch";
import { isDType } from "../torch/dtype";
import { checkOptions } from "../torch/errors";
import { type ForwardHook, type ForwardPreHook, hooksOf, type RemovableHandle } from "./hooks";
import { Buffer, Parameter } from "./parameter";
import { type LoadOptions, type LoadReport, loadState, uniqueWeights } from "./state";
import { summary } from "./summary";

/**
 * What a module registers: a name, and the weight or module that has it.
 *
 * A third element renames the entry in the state alone. With "" the entries of a module appear in
 * the state as if they were its parent's own: a part is addressable as a module while checkpoints
 * that know nothing of it keep their names.
 */
export type Registered = readonly [
  name: string,
  entry: Parameter | Buffer | Module,
  stateName?: string,
];

/** Where weights are moved: what is left open stays. */
export interface MoveOptions {
  readonly device?: Device;
  readonly dtype?: DType;
}

/** Makes the weight of a copy; `name` is the weight's name in the state of what is copied. */
export type CopyWeight = (weight: Parameter | Buffer, name: string) => Parameter | Buffer;

/**
 * A part of a network. Fields that are Parameters, Buffers or Modules are registered by being
 * fields, in their order, under the field's name.
 *
 *     class Residual extends Module {
 *       readonly inner = new Linear(8, 8);
 *       override forward(x: Tensor) { return x.add(this.inner.forward(x)); }
 *     }
 */
export class Module {
  /** Whether it behaves as in training: dropout drops, batch norms take the batch's statistics. */
  training = true;

  /** What the module computes; every class has its own. Throws Error where it has none. */
  forward(..._args: unknown[]): unknown {
    throw new Error(`${this.constructor.name} has no forward`);
  }

  /** All that is known of a module's tree goes through this list; override it to rename entries. */
  registered(): Registered[] {
    return Object.entries(this).filter((field): field is [string, Registered[1]] =>
      isEntry(field[1]),
    );
  }

  /** The modules right below this one, each once. */
  children(): Module[] {
    return [...new Set(modulesIn(this).map(([, child]) => child))];
  }

  /** This module at "" and all below it with their paths, depth first, each once. */
  namedModules(): [path: string, module: Module][] {
    const found = new Map<Module, string>();
    const visit = (module: Module, path: string) => {
      if (found.has(module)) return;
      found.set(module, path);
      for (const [name, child] of modulesIn(module)) visit(child, join(path, name));
    };
    visit(this, "");
    return [...found].map(([module, path]) => [path, module]);
  }

  /** The parameters with their state names; one that has several names comes once, by its first. */
  namedParameters(): [name: string, parameter: Parameter][] {
    const isParameter = (entry: [string, Parameter | Buffer]): entry is [string, Parameter] =>
      entry[1] instanceof Parameter;
    return uniqueWeights(this.namedState()).filter(isParameter);
  }

  /** The parameters, each once: what an optimizer takes. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The buffers with their names, those that are not persistent included; each once. */
  namedBuffers(): [name: string, buffer: Buffer][] {
    const isBuffer = (entry: [string, Parameter | Buffer]): entry is [string, Buffer] =>
      entry[1] instanceof Buffer;
    return uniqueWeights(this.namedState()).filter(isBuffer);
  }

  /** The buffers, each once. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** Calls a function with every module, those below before those above. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** All weights by all of their names, in the order of the tree: the tensors themselves. */
  stateDict(): Record<string, Parameter | Buffer> {
    return Object.fromEntries(this.persistentState());
  }

  /**
   * Copies values into the weights of the same names. A tied weight needs one of its names only.
   *
   * @throws Error with all problems at once, and nothing changed: wrong shapes, and unless
   * `strict` is false missing and unexpected names.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>, options: LoadOptions = {}): LoadReport {
    return loadState(this.persistentState(), state, this.constructor.name, options);
  }

  /** The module at a path such as `encoder.layer.0`; throws where no module has that path. */
  getModule(path: string): Module {
    if (path === "") return this;
    let module: Module = this;
    for (const name of path.split(".")) {
      const next = modulesIn(module).find(([child]) => child === name);
      if (!next) throw new Error(explainNoModule(this, path, module, name));
      module = next[1];
    }
    return module;
  }

  /** Puts another module at the path of one; throws where no module is. */
  setModule(path: string, replacement: Module): void {
    const name = path.slice(path.lastIndexOf(".") + 1);
    const parent = this.getModule(path.slice(0, Math.max(0, path.length - name.length - 1)));
    if (!Object.hasOwn(parent, name) || !(parent[name as keyof Module] instanceof Module)) {
      throw new Error(explainNoModule(this, path, parent, name));
    }
    Object.assign(parent, { [name]: replacement });
  }

  /** Sets training or evaluation mode here and below. */
  train(mode = true): this {
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Sets evaluation mode here and below. */
  eval(): this {
    return this.train(false);
  }

  /** Lets all parameters train, or freezes them. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /**
   * Moves the weights to a device, and floating-point ones to a dtype; the objects stay the same.
   * `to("cuda")`, `to("bfloat16")`, `to({ device: "cuda", dtype: "bfloat16" })`.
   */
  to(target: DType | Device | MoveOptions): this {
    const { device, dtype } = whereTo(target);
    torch.scope(() => {
      for (const [, weight] of uniqueWeights(this.namedState())) {
        const move = weight.isFloatingPoint() ? { device, dtype } : { device };
        if (move.device === undefined && move.dtype === undefined) continue;
        torch.noGrad(() => {
          const { grad } = weight;
          torch.ops.aten.set_data(weight, weight.to(move));
          weight.grad = grad?.to(move) ?? null;
        });
      }
    });
    return this;
  }

  /**
   * A copy of the whole tree: new modules with the same fields, every weight made by `copy` (by
   * default with storage of its own). What was shared inside stays shared inside.
   */
  clone(copy: CopyWeight = ownStorage): this {
    const names = new Map(uniqueWeights(this.namedState()).map(([name, weight]) => [weight, name]));
    const copies = new Map<object, unknown>();
    const remember = <T extends object>(original: object, made: T): T => {
      copies.set(original, made);
      return made;
    };
    const copied = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.some(isEntry) ? value.map(copied) : value;
      if (!isEntry(value)) return value;
      if (copies.has(value)) return copies.get(value);
      if (!(value instanceof Module)) return remember(value, copy(value, names.get(value) ?? ""));
      const module = remember(value, Object.create(Object.getPrototypeOf(value)) as object);
      for (const [name, field] of Object.entries(value)) {
        Object.assign(module, { [name]: copied(field) });
      }
      return module;
    };
    return copied(this) as this;
  }

  /**
   * Calls a function before each forward of this module, with its arguments; an array that the
   * function gives back takes their place. Copies of the module have no hooks.
   */
  registerForwardPreHook(hook: ForwardPreHook<this>): RemovableHandle {
    return hooksOf(this).before(hook as ForwardPreHook);
  }

  /** Calls a function after each forward, with arguments and result; what it gives back takes its place. */
  registerForwardHook(hook: ForwardHook<this>): RemovableHandle {
    return hooksOf(this).after(hook as ForwardHook);
  }

  /**
   * A table of the modules with their parameters, and, where a forward's arguments are given, with
   * the shapes of their outputs: the module runs on them once, in evaluation mode, without gradients.
   */
  summary(...inputs: unknown[]): string {
    return summary(this, inputs);
  }

  /** Drops all gradients. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** How many numbers the parameters hold, or those among them that train. */
  numParameters(options: { readonly trainable?: boolean } = {}): number {
    const { trainable = false } = checkOptions("numParameters", options, ["trainable"]);
    return this.parameters()
      .filter((parameter) => !trainable || parameter.requiresGrad)
      .reduce((sum, parameter) => sum + parameter.numel(), 0);
  }

  private persistentState(): [string, Parameter | Buffer][] {
    return this.namedState().filter(
      ([, weight]) => weight instanceof Parameter || weight.persistent,
    );
  }

  private namedState(): [string, Parameter | Buffer][] {
    return this.registered().flatMap(([name, entry, stateName = name]) =>
      entry instanceof Module
        ? entry
            .namedState()
            .map(([below, weight]): [string, typeof weight] => [join(stateName, below), weight])
        : [[stateName, entry] as [string, typeof entry]],
    );
  }
}

/** A weight of the same kind and values in storage of its own. */
export function ownStorage(weight: Parameter | Buffer): Parameter | Buffer {
  const values = weight.detach().clone();
  return weight instanceof Parameter
    ? new Parameter(values, weight.requiresGrad)
    : new Buffer(values, weight.persistent);
}

function isEntry(value: unknown): value is Parameter | Buffer | Module {
  return value instanceof Parameter || value instanceof Buffer || value instanceof Module;
}

function modulesIn(module: Module): [string, Module][] {
  return module
    .registered()
    .flatMap(([name, entry]): [string, Module][] =>
      entry instanceof Module ? [[name, entry]] : [],
    );
}

function join(path: string, name: string): string {
  return path === "" || name === "" ? path + name : `${path}.${name}`;
}

function whereTo(target: DType | Device | MoveOptions): MoveOptions {
  if (typeof target !== "string") return target;
  return isDType(target) ? { dtype: target } : { device: target };
}

function explainNoModule(root: Module, path: string, parent: Module, name: string): string {
  const names = modulesIn(parent).map(([child]) => child);
  return (
    `${root.constructor.name} has no module "${path}": ${parent.constructor.name} has no "${name}", ` +
    `only ${names.join(", ") || "no modules"}`
  );
}
