import type { Tensor } from "../torch";
import { Module } from "./module";

/** Modules by number: their names in the state are `0`, `1`, ... */
export class ModuleList<M extends Module = Module> extends Module implements Iterable<M> {
  readonly [index: number]: M;
  length = 0;

  constructor(modules: Iterable<M> = []) {
    super();
    for (const module of modules) this.append(module);
  }

  /** Adds a module at the end. */
  append(module: M): this {
    Object.assign(this, { [this.length]: module });
    this.length += 1;
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of [...modules]) this.append(module);
    return this;
  }

  /** The module at an index, from the end for a negative one; undefined where there is none. */
  at(index: number): M | undefined {
    return this[index < 0 ? index + this.length : index];
  }

  *[Symbol.iterator](): IterableIterator<M> {
    for (let i = 0; i < this.length; i++) yield this[i];
  }
}

/**
 * Modules that run one after the other, each on what the one before gives. With a record in the
 * place of modules they have names: `new Sequential({ conv: .., norm: .. })`.
 */
export class Sequential extends ModuleList {
  constructor(...modules: Module[] | [Readonly<Record<string, Module>>]) {
    const isList = (given: unknown[]): given is Module[] =>
      given.every((module) => module instanceof Module);
    super(isList(modules) ? modules : []);
    if (isList(modules)) return;
    for (const [name, module] of Object.entries(modules[0])) {
      Object.assign(this, { [freeName(this, name)]: module });
      this.length += 1;
    }
  }

  override at(index: number): Module | undefined {
    return [...this].at(index);
  }

  override *[Symbol.iterator](): IterableIterator<Module> {
    for (const [, entry] of this.registered()) if (entry instanceof Module) yield entry;
  }

  override forward(x: Tensor): Tensor {
    let state = x;
    for (const module of this) state = module.forward(state) as Tensor;
    return state;
  }
}

/** Modules by name, in the order they were set. */
export class ModuleDict<M extends Module = Module>
  extends Module
  implements Iterable<[name: string, module: M]>
{
  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }

  /** Throws where a name has a dot or is that of a member of every module. */
  set(name: string, module: M): this {
    Object.assign(this, { [freeName(this, name)]: module });
    return this;
  }

  /** The module of a name; undefined where there is none. */
  get(name: string): M | undefined {
    return this.has(name) ? (this[name as keyof this] as M) : undefined;
  }

  /** Whether there is a module of this name. */
  has(name: string): boolean {
    return Object.hasOwn(this, name) && this[name as keyof this] instanceof Module;
  }

  /** Takes a module out; whether there was one. */
  delete(name: string): boolean {
    return this.has(name) && Reflect.deleteProperty(this, name);
  }

  /** How many modules there are. */
  get size(): number {
    return [...this].length;
  }

  /** The names, in order. */
  keys(): string[] {
    return [...this].map(([name]) => name);
  }

  /** The modules, in order. */
  values(): M[] {
    return [...this].map(([, module]) => module);
  }

  *[Symbol.iterator](): IterableIterator<[string, M]> {
    for (const [name, entry] of this.registered()) {
      if (entry instanceof Module) yield [name, entry as M];
    }
  }
}

/** The name, if no member of the module but an earlier entry has it. */
export function freeName(module: Module, name: string): string {
  const isEntry = Object.hasOwn(module, name) && typeof module[name as keyof Module] === "object";
  if (name !== "" && !name.includes(".") && (isEntry || !(name in module))) return name;
  const why = name === "" || name.includes(".") ? "is empty or has a dot" : "is a member already";
  throw new Error(`${module.constructor.name}: the name "${name}" ${why}`);
}
