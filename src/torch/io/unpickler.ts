// Python's pickles, read without running anything: a stack machine over a fixed list of names.
// Opcodes: Lib/pickletools.py of CPython. What a pickle asks for beyond the list is an error.

/** What a pickle may call and what becomes of it. */
export interface PickleContext {
  /** "torch._utils._rebuild_tensor_v2" -> a function of the pickled arguments, or a value. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** Objects that are stored outside of the pickle. */
  readonly load: (id: unknown) => unknown;
}

/** Python's dict (OrderedDict too): keys of any kind. */
export type PickleDict = Map<unknown, unknown>;

export interface Unpickled {
  readonly value: unknown;
  /** Where the pickle ends. */
  readonly end: number;
}

const mark = Symbol("mark");

/** Reads one pickle from `start` on. Throws Error for what is damaged or not allowed. */
export function unpickle(data: Buffer, start: number, context: PickleContext): Unpickled {
  const machine = new Machine(data, start, context);
  return { value: machine.run(), end: machine.at };
}

class Machine {
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();

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
    if (length < 0 || this.at + length > this.data.length) throw new Error("the pickle is cut off");
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  line(): string {
    const end = this.data.indexOf(0x0a, this.at);
    if (end < 0) throw new Error("the pickle is cut off");
    const text = this.take(end - this.at).toString("utf8");
    this.at += 1;
    return text;
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw new Error("the pickle takes more than it put");
    return this.stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  popToMark(): unknown[] {
    const from = this.stack.lastIndexOf(mark);
    if (from < 0) throw new Error("the pickle has no mark where one is needed");
    const values = this.stack.splice(from);
    return values.slice(1);
  }

  remember(key: number): void {
    this.memo.set(key, this.top());
  }

  memoize(): void {
    this.remember(this.memo.size);
  }

  recall(key: number): void {
    if (!this.memo.has(key)) throw new Error(`the pickle refers to a missing object ${key}`);
    this.push(this.memo.get(key));
  }

  global(module: unknown, name: unknown): void {
    const full = `${module}.${name}`;
    if (!this.context.globals.has(full)) {
      throw new Error(
        `it wants ${full}, which is not among the names that checkpoints of tensors need. ` +
          "Nothing was run",
      );
    }
    this.push(this.context.globals.get(full));
  }

  reduce(): void {
    const args = this.pop();
    const callable = this.pop();
    if (typeof callable !== "function" || !Array.isArray(args)) {
      throw new Error("the pickle calls what is no function");
    }
    this.push(callable(...args));
  }

  persistent(): void {
    this.push(this.context.load(this.pop()));
  }

  setItems(pairs: unknown[]): void {
    const target = this.top();
    if (!(target instanceof Map)) throw new Error("the pickle sets an item of what is no dict");
    if (pairs.length % 2 !== 0) throw new Error("the pickle has a key without a value");
    for (let i = 0; i < pairs.length; i += 2) target.set(pairs[i], pairs[i + 1]);
  }

  append(values: unknown[]): void {
    const target = this.top();
    if (!Array.isArray(target)) throw new Error("the pickle appends to what is no list");
    for (const value of values) target.push(value);
  }

  /** State of objects (an OrderedDict's `_metadata`) says nothing about tensors. */
  build(): void {
    this.pop();
  }
}

const operations = new Map<number, (machine: Machine) => void>([
  [0x80, (m) => checkProtocol(m.take(1)[0])],
  [0x95, (m) => void m.take(8)], // FRAME
  [0x28, (m) => m.push(mark)],
  [0x30, (m) => void m.pop()],
  [0x31, (m) => void m.popToMark()],
  [0x32, (m) => m.push(m.top())],
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  // Numbers.
  [0x4b, (m) => m.push(m.take(1)[0])],
  [0x4d, (m) => m.push(m.take(2).readUInt16LE())],
  [0x4a, (m) => m.push(m.take(4).readInt32LE())],
  [0x47, (m) => m.push(m.take(8).readDoubleBE())],
  [0x8a, (m) => m.push(toInteger(m.take(m.take(1)[0])))],
  [0x8b, (m) => m.push(toInteger(m.take(m.take(4).readInt32LE())))],
  [0x49, (m) => m.push(parseInteger(m.line()))],
  [0x4c, (m) => m.push(parseInteger(m.line().replace(/L$/, "")))],
  [0x46, (m) => m.push(Number(m.line()))],
  // Texts and bytes.
  [0x58, (m) => m.push(m.take(m.take(4).readUInt32LE()).toString("utf8"))],
  [0x8c, (m) => m.push(m.take(m.take(1)[0]).toString("utf8"))],
  [0x8d, (m) => m.push(m.take(toLength(m.take(8))).toString("utf8"))],
  [0x56, (m) => m.push(m.line())],
  [0x55, (m) => m.push(m.take(m.take(1)[0]).toString("latin1"))],
  [0x54, (m) => m.push(m.take(m.take(4).readUInt32LE()).toString("latin1"))],
  [0x53, (m) => m.push(m.line().replace(/^(['"])(.*)\1$/, "$2"))],
  [0x43, (m) => m.push(Buffer.from(m.take(m.take(1)[0])))],
  [0x42, (m) => m.push(Buffer.from(m.take(m.take(4).readUInt32LE())))],
  [0x8e, (m) => m.push(Buffer.from(m.take(toLength(m.take(8)))))],
  // Containers. Tuples and lists are arrays.
  [0x5d, (m) => m.push([])],
  [0x6c, (m) => m.push(m.popToMark())],
  [0x61, (m) => appendOne(m)],
  [0x65, (m) => m.append(m.popToMark())],
  [0x29, (m) => m.push([])],
  [0x74, (m) => m.push(m.popToMark())],
  [0x85, (m) => pushTuple(m, 1)],
  [0x86, (m) => pushTuple(m, 2)],
  [0x87, (m) => pushTuple(m, 3)],
  [0x7d, (m) => m.push(new Map())],
  [0x64, (m) => pushDict(m)],
  [0x73, (m) => setOne(m)],
  [0x75, (m) => m.setItems(m.popToMark())],
  [0x8f, (m) => m.push([])], // EMPTY_SET
  [0x90, (m) => m.append(m.popToMark())],
  // The memo.
  [0x71, (m) => m.remember(m.take(1)[0])],
  [0x72, (m) => m.remember(m.take(4).readUInt32LE())],
  [0x70, (m) => m.remember(parseInteger(m.line()) as number)],
  [0x94, (m) => m.memoize()],
  [0x68, (m) => m.recall(m.take(1)[0])],
  [0x6a, (m) => m.recall(m.take(4).readUInt32LE())],
  [0x67, (m) => m.recall(parseInteger(m.line()) as number)],
  // Names, calls and objects from elsewhere.
  [0x63, (m) => m.global(m.line(), m.line())],
  [0x93, (m) => stackGlobal(m)],
  [0x52, (m) => m.reduce()],
  [0x81, (m) => m.reduce()],
  [0x62, (m) => m.build()],
  [0x51, (m) => m.persistent()],
]);

function checkProtocol(version: number): void {
  if (version > 5) throw new Error(`pickle protocol ${version} is not known`);
}

function pushTuple(m: Machine, size: number): void {
  const values = Array.from({ length: size }, () => m.pop());
  m.push(values.reverse());
}

function pushDict(m: Machine): void {
  const pairs = m.popToMark();
  m.push(new Map());
  m.setItems(pairs);
}

function setOne(m: Machine): void {
  const value = m.pop();
  const key = m.pop();
  m.setItems([key, value]);
}

function appendOne(m: Machine): void {
  const value = m.pop();
  m.append([value]);
}

function stackGlobal(m: Machine): void {
  const name = m.pop();
  m.global(m.pop(), name);
}

/** Little-endian two's complement of any length. */
function toInteger(bytes: Buffer): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return narrow(BigInt.asIntN(bytes.length * 8, value));
}

function toLength(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE());
}

function parseInteger(text: string): number | bigint | boolean {
  if (text === "01") return true;
  if (text === "00") return false;
  if (!/^-?\d+$/.test(text)) throw new Error("the pickle has a damaged number");
  return narrow(BigInt(text));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
