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

  append(module: M): this {
    Object.assign(this, { [this.length]: module });
    this.length += 1;
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

/** Modules that run one after the other. */
export class Sequential extends ModuleList {
  constructor(...modules: Module[]) {
    super(modules);
  }

  override forward(x: Tensor): Tensor {
    return [...this].reduce((state, module) => module.forward(state) as Tensor, x);
  }
}
