import { Tensor } from "../torch";
import { freeName } from "./containers";
import { Module } from "./module";
import { Parameter } from "./parameter";

/** Parameters by number: their names in the state are `0`, `1`, ...; plain tensors become parameters. */
export class ParameterList extends Module implements Iterable<Parameter> {
  readonly [index: number]: Parameter;
  length = 0;

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    for (const parameter of parameters) this.append(parameter);
  }

  append(parameter: Tensor): this {
    Object.assign(this, { [this.length]: asParameter(parameter) });
    this.length += 1;
    return this;
  }

  /** The parameter at an index, from the end for a negative one; undefined where there is none. */
  at(index: number): Parameter | undefined {
    return this[index < 0 ? index + this.length : index];
  }

  *[Symbol.iterator](): IterableIterator<Parameter> {
    for (let i = 0; i < this.length; i++) yield this[i];
  }
}

/** Parameters by name, in the order they were set; plain tensors become parameters. */
export class ParameterDict
  extends Module
  implements Iterable<[name: string, parameter: Parameter]>
{
  constructor(parameters: Readonly<Record<string, Tensor>> = {}) {
    super();
    for (const [name, parameter] of Object.entries(parameters)) this.set(name, parameter);
  }

  /** Throws where a name has a dot or is that of a member of every module. */
  set(name: string, parameter: Tensor): this {
    Object.assign(this, { [freeName(this, name)]: asParameter(parameter) });
    return this;
  }

  get(name: string): Parameter | undefined {
    return this.has(name) ? (this[name as keyof this] as Parameter) : undefined;
  }

  has(name: string): boolean {
    return Object.hasOwn(this, name) && this[name as keyof this] instanceof Parameter;
  }

  *[Symbol.iterator](): IterableIterator<[string, Parameter]> {
    for (const [name, entry] of this.registered()) {
      if (entry instanceof Parameter) yield [name, entry];
    }
  }
}

function asParameter(given: Tensor): Parameter {
  if (given instanceof Parameter) return given;
  if (given instanceof Tensor) return new Parameter(given);
  throw new TypeError(`expected a tensor or a parameter, given ${typeof given}`);
}
