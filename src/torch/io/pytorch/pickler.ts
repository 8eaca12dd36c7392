// Writes pickles of protocol 2, the one that torch.save writes and that its restricted reader takes.

import { maximalDepth } from "./saved";

/** Something that is written as a call: `callable(...args)`. */
export class Call {
  constructor(
    readonly callable: Global,
    readonly args: readonly unknown[],
  ) {}
}

/** A name of Python's. */
export class Global {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
}

/** An object that is stored outside of the pickle. */
export class Persistent {
  constructor(readonly id: Tuple) {}
}

export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** Turns what the pickler does not know into a call; throws TypeError where there is none. */
export type Reduce = (value: object, path: string) => Call;

/**
 * Plain objects and Maps become dicts, arrays lists, Sets sets, Uint8Arrays bytes, whole numbers and
 * bigints int, others float. Objects that are met again are written once. Throws TypeError for
 * functions, symbols, undefined and objects of classes that `reduce` refuses.
 */
export function pickle(root: unknown, reduce: Reduce): Buffer {
  const pickler = new Pickler(reduce);
  return pickler.run(root);
}

const setType = new Global("__builtin__", "set");
const encode = new Global("_codecs", "encode");

class Pickler {
  private readonly out = new ByteWriter();
  private readonly memo = new Map<unknown, number>();

  constructor(private readonly reduce: Reduce) {}

  run(root: unknown): Buffer {
    this.byte(0x80, 2); // PROTO
    this.save(root, "", 0);
    this.byte(0x2e); // STOP
    return this.out.bytes();
  }

  private byte(...bytes: number[]): void {
    this.out.write(bytes);
  }

  private save(value: unknown, path: string, depth: number): void {
    if (depth > maximalDepth) {
      throw new TypeError(`save: the value is nested in more than ${maximalDepth} levels`);
    }
    if (value === null) this.byte(0x4e);
    else if (typeof value === "boolean") this.byte(value ? 0x88 : 0x89);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "bigint") this.integer(value);
    else if (typeof value === "string") this.text(value);
    else if (typeof value === "object") this.object(value, path, depth);
    else throw new TypeError(`save: ${where(path)}a value of type ${typeof value} cannot be saved`);
  }

  private number(value: number): void {
    const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
    if (!isWhole) this.packed(0x47, 8, (buffer) => buffer.writeDoubleBE(value));
    else if (value >= 0 && value < 256) this.byte(0x4b, value);
    else if (value === (value | 0)) this.packed(0x4a, 4, (buffer) => buffer.writeInt32LE(value));
    else this.integer(BigInt(value));
  }

  /** LONG1: up to 255 bytes of two's complement. */
  private integer(value: bigint): void {
    let length = 1;
    while (BigInt.asIntN(8 * length, value) !== value) length++;
    if (length > 255)
      throw new TypeError("save: an integer of more than 2,040 bits cannot be saved");
    let rest = BigInt.asUintN(8 * length, value);
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
    this.byte(0x8a, length);
    this.out.write(bytes);
  }

  private text(value: string): void {
    if (this.recall(value)) return;
    const bytes = Buffer.from(value, "utf8");
    this.packed(0x58, 4, (buffer) => buffer.writeUInt32LE(bytes.length));
    this.out.write(bytes);
    this.remember(value);
  }

  private object(value: object, path: string, depth: number): void {
    if (value instanceof Tuple) this.tuple(value.items, path, depth);
    else if (value instanceof Persistent) this.persistent(value, path, depth);
    else if (value instanceof Global) this.global(value);
    else if (this.recall(value)) return;
    else if (Array.isArray(value)) this.list(value, path, depth);
    else if (value instanceof Map) this.dict(value, value, path, depth);
    else if (isPlain(value)) this.dict(value, Object.entries(value), path, depth);
    else this.call(value, this.asCall(value, path), path, depth);
  }

  private asCall(value: object, path: string): Call {
    if (value instanceof Call) return value;
    if (value instanceof Set) return new Call(setType, [[...value]]);
    if (!(value instanceof Uint8Array)) return this.reduce(value, path);
    const { buffer, byteOffset, length } = value;
    return new Call(encode, [Buffer.from(buffer, byteOffset, length).toString("latin1"), "latin1"]);
  }

  private persistent({ id }: Persistent, path: string, depth: number): void {
    this.save(id, path, depth);
    this.byte(0x51); // BINPERSID
  }

  private tuple(items: readonly unknown[], path: string, depth: number): void {
    this.byte(0x28);
    for (const item of items) this.save(item, path, depth + 1);
    this.byte(0x74);
  }

  private list(items: readonly unknown[], path: string, depth: number): void {
    this.byte(0x5d);
    this.remember(items);
    this.byte(0x28);
    for (const [i, item] of items.entries()) this.save(item, join(path, i), depth + 1);
    this.byte(0x65); // APPENDS
  }

  private dict(
    identity: object,
    entries: Iterable<readonly [unknown, unknown]>,
    path: string,
    depth: number,
  ): void {
    this.byte(0x7d);
    this.remember(identity);
    this.byte(0x28);
    for (const [key, value] of entries) {
      const step = join(path, key);
      this.save(toKey(key, step), step, depth + 1);
      this.save(value, step, depth + 1);
    }
    this.byte(0x75); // SETITEMS
  }

  private global({ module, name }: Global): void {
    this.out.write(Buffer.from(`c${module}\n${name}\n`));
  }

  private call(identity: object, { callable, args }: Call, path: string, depth: number): void {
    this.global(callable);
    this.tuple(args, path, depth);
    this.byte(0x52); // REDUCE
    this.remember(identity);
  }

  private recall(value: unknown): boolean {
    const number = this.memo.get(value);
    if (number === undefined) return false;
    this.packed(0x6a, 4, (buffer) => buffer.writeUInt32LE(number)); // LONG_BINGET
    return true;
  }

  private remember(value: unknown): void {
    const number = this.memo.size;
    this.memo.set(value, number);
    this.packed(0x72, 4, (buffer) => buffer.writeUInt32LE(number)); // LONG_BINPUT
  }

  private packed(code: number, length: number, write: (buffer: Buffer) => void): void {
    const buffer = Buffer.alloc(length);
    write(buffer);
    this.byte(code);
    this.out.write(buffer);
  }
}

/** Bytes in a buffer that grows. */
class ByteWriter {
  private buffer = Buffer.alloc(4096);
  private length = 0;

  write(bytes: ArrayLike<number>): void {
    const end = this.length + bytes.length;
    if (end > this.buffer.length) {
      this.buffer = Buffer.concat([this.buffer], Math.max(end, 2 * this.buffer.length));
    }
    this.buffer.set(bytes, this.length);
    this.length = end;
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Python's dicts take no lists and dicts as keys; arrays become tuples. */
function toKey(key: unknown, path: string): unknown {
  if (Array.isArray(key)) return new Tuple(key.map((part) => toKey(part, path)));
  if (typeof key !== "object" || key === null) return key;
  throw new TypeError(`save: ${where(path)}an object cannot be the key of a dict`);
}

function join(path: string, step: unknown): string {
  const name = typeof step === "object" ? "?" : String(step);
  return path ? `${path}.${name}` : name;
}

function where(path: string): string {
  return path ? `'${path}': ` : "";
}
