// Python's pickles, read without running anything: a stack machine over a fixed list of names.
// Opcodes: Lib/pickletools.py of CPython. What a pickle asks for beyond the list is an error.

import { operations } from "./opcodes";

/** What a pickle calls with its arguments; what it makes of them it charges. */
export type PickleFunction = (args: readonly unknown[], charge: Charge) => unknown;

/** Accounts for bytes of memory; throws Error when a pickle makes too much. */
export type Charge = (bytes: number) => void;

/** What a pickle may name and what becomes of it. */
export interface PickleContext {
  /** "torch._utils._rebuild_tensor_v2" -> a PickleFunction, or a value. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** Objects that are stored outside of the pickle. */
  readonly load: (id: unknown) => unknown;
  /** Bytes that the objects of the pickle may take in memory. */
  readonly budget: number;
}

/** Python's dict (OrderedDict too): keys of any kind. */
export type PickleDict = Map<unknown, unknown>;

/** What BUILD hands an object's state to. */
export interface Stateful {
  setState(state: unknown, charge: Charge): void;
}

export interface Unpickled {
  readonly value: unknown;
  /** Where the pickle ends. */
  readonly end: number;
}

/** The data ends within the pickle. */
export class CutOff extends Error {
  constructor() {
    super("the pickle is cut off");
  }
}

const mark = Symbol("mark");

/** Reads one pickle from `start` on. Throws Error for what is damaged or not allowed. */
export function unpickle(data: Buffer, start: number, context: PickleContext): Unpickled {
  const machine = new Machine(data, start, context);
  return { value: machine.run(), end: machine.at };
}

export class Machine {
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  private spent = 0;

  constructor(
    private readonly data: Buffer,
    public at: number,
    private readonly context: PickleContext,
  ) {}

  run(): unknown {
    for (;;) {
      const code = this.take(1)[0];
      if (code === 0x2e) return this.pop(); // STOP
      const operation = operations.get(code);
      if (!operation) throw new Error(`unknown pickle opcode 0x${code.toString(16)}`);
      operation(this);
    }
  }

  take(length: number): Buffer {
    if (length < 0 || this.at + length > this.data.length) throw new CutOff();
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  line(): string {
    const end = this.data.indexOf(0x0a, this.at);
    if (end < 0) throw new CutOff();
    const text = this.take(end - this.at).toString("utf8");
    this.at += 1;
    return text;
  }

  /** A byte of a pickle can make an object of many; together they stay within the budget. */
  readonly charge: Charge = (bytes) => {
    this.spent += bytes;
    if (this.spent > this.context.budget) {
      throw new Error(
        `the pickle makes too many objects: more than ${Math.round(this.context.budget / 2 ** 20)} MiB of them. ` +
          "Numbers that belong in tensors go there in Python (torch.tensor(list)); a larger heap " +
          "(node --max-old-space-size=MiB) has room for more",
      );
    }
  };

  push(value: unknown): void {
    this.charge(footprint(value));
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw new Error("the pickle takes more than it put");
    return this.stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  pushMark(): void {
    this.stack.push(mark);
    this.charge(8);
  }

  popToMark(): unknown[] {
    const from = this.stack.lastIndexOf(mark);
    if (from < 0) throw new Error("the pickle has no mark where one is needed");
    const values = this.stack.splice(from);
    values.shift();
    return values;
  }

  remember(key: number | bigint | boolean): void {
    this.charge(48);
    this.memo.set(Number(key), this.top());
  }

  memoize(): void {
    this.remember(this.memo.size);
  }

  recall(key: number | bigint | boolean): void {
    if (!this.memo.has(Number(key))) throw new Error(`the pickle lacks its object ${key}`);
    this.stack.push(this.memo.get(Number(key)));
    this.charge(8);
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw new Error("the pickle names what it wants by no string");
    }
    const full = canonical(`${module}.${name}`);
    if (!this.context.globals.has(full)) throw new Error(refusal(full));
    this.stack.push(this.context.globals.get(full));
    this.charge(8);
  }

  reduce(): void {
    const args = this.pop();
    const callable = this.pop();
    if (typeof callable !== "function" || !Array.isArray(args)) {
      throw new Error("the pickle calls what is no function");
    }
    this.push((callable as PickleFunction)(args, this.charge));
  }

  persistent(): void {
    this.push(this.context.load(this.pop()));
  }

  setItems(pairs: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Map)) throw new Error("the pickle sets an item of what is no dict");
    if (pairs.length % 2 !== 0) throw new Error("the pickle has a key without a value");
    this.charge(96 * pairs.length);
    for (let i = 0; i < pairs.length; i += 2) target.set(pairs[i], pairs[i + 1]);
  }

  append(values: readonly unknown[]): void {
    const target = this.top();
    if (!Array.isArray(target)) throw new Error("the pickle appends to what is no list");
    this.charge(96 * values.length);
    for (const value of values) target.push(value);
  }

  addItems(values: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Set)) throw new Error("the pickle adds to what is no set");
    this.charge(128 * values.length);
    for (const value of values) target.add(value);
  }

  /** State of containers (an OrderedDict's `_metadata`) says nothing about tensors. */
  build(): void {
    const state = this.pop();
    const target = this.top() as Partial<Stateful> | null | undefined;
    if (typeof target?.setState === "function") target.setState(state, this.charge);
  }
}

/**
 * About the bytes that V8's heap has to have at its peak for an empty container, a number or a reference: with
 * the stack's and the list's growth, and the collector's, measured on lists, dicts and sets of millions.
 */
function footprint(value: unknown): number {
  if (value instanceof Map || value instanceof Set) return 512;
  if (typeof value === "string") return 96 + 2 * value.length;
  return typeof value === "object" && value !== null ? 256 : 96;
}

/** Python 2's names. */
function canonical(name: string): string {
  return name.replace(/^__builtin__\./, "builtins.");
}

function refusal(name: string): string {
  const wanted = name.length > 120 ? `${name.slice(0, 117)}...` : name;
  return (
    `it wants ${wanted}, which is not among the names that checkpoints of tensors need. ` +
    "Nothing was run. If you trust the file, load it in Python and save what you need of it " +
    "(`model.state_dict()`, plain dicts and numbers) anew"
  );
}
