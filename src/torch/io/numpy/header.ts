import type { DType } from "../../dtype";
import { isSize, isSizes, itemSize } from "../dtypes";
import { toDtype } from "./dtypes";

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html: the magic string, a version,
// the header's length, a header that is a literal of Python's, the elements.

const magic = Buffer.from("\x93NUMPY", "latin1");
/** numpy itself reads no more unless it is asked to. */
const maximalHeader = 64 * 1024;

export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The first dimension is the fastest. */
  readonly isFortran: boolean;
  /** Where the elements begin, and how many bytes they are. */
  readonly begin: number;
  readonly bytes: number;
}

export function isNpy(start: Buffer): boolean {
  return start.length > magic.length && start.subarray(0, magic.length).equals(magic);
}

/** `start`: as much of the file as the header may be. Throws Error that says what is wrong. */
export function parseNpyHeader(start: Buffer): NpyHeader {
  if (!isNpy(start) || start.length < 12) throw new Error("it does not start as .npy files do");
  const version = start[magic.length];
  if (version < 1 || version > 3) throw new Error(`version ${version} is not known`);
  const from = version === 1 ? 10 : 12;
  const length = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  const begin = from + length;
  if (length > maximalHeader) throw new Error(`a header of ${length} bytes is too large`);
  if (begin > start.length) throw new Error("the header is cut off");
  const text = start.toString(version === 3 ? "utf8" : "latin1", from, begin);
  const header = new Literal(text).parse();
  if (!(header instanceof Map)) throw new Error("the header is no dict");
  const [descriptor, isFortran, shape] = ["descr", "fortran_order", "shape"].map((key) =>
    header.get(key),
  );
  if (Array.isArray(descriptor)) throw new Error("its elements are structs, which no tensor holds");
  if (typeof descriptor !== "string") throw new Error("the header has no descr");
  if (typeof isFortran !== "boolean") throw new Error("the header has no fortran_order");
  if (!isSizes(shape)) throw new Error("the header's shape is no tuple of sizes");
  const dtype = toDtype(descriptor);
  const bytes = shape.reduce((count, size) => count * size, itemSize(dtype));
  if (!isSize(bytes)) throw new Error("the header's shape is too large");
  return { dtype, shape, isFortran, begin, bytes };
}

/** Bytes of a file's start that hold every header that is taken. */
export const headerWindow = 12 + maximalHeader;

/** A version 1.0 header, whose elements begin at a multiple of 64 bytes. */
export function npyHeader(descriptor: string, shape: readonly number[]): Buffer {
  const sizes = shape.map((size) => `${size},`).join(" ");
  const literal = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const unpadded = magic.length + 4 + literal.length + 1;
  const text = `${literal}${" ".repeat((64 - (unpadded % 64)) % 64)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([magic, Buffer.from([1, 0]), length, Buffer.from(text, "latin1")]);
}

type Parsed = string | number | boolean | null | Parsed[] | Map<Parsed, Parsed>;

/** Python's literals, as far as headers need them: dicts, tuples, lists, texts, whole numbers. */
class Literal {
  private at = 0;

  constructor(private readonly text: string) {}

  parse(): Parsed {
    const value = this.value(0);
    this.skip();
    if (this.at < this.text.length) throw this.damage();
    return value;
  }

  private value(depth: number): Parsed {
    if (depth > 8) throw this.damage();
    this.skip();
    const first = this.text[this.at];
    if (first === "{") return this.dict(depth);
    if (first === "(") return this.sequence(")", depth);
    if (first === "[") return this.sequence("]", depth);
    if (first === "'" || first === '"') return this.string(first);
    const [word] =
      /^(?:True|False|None|\d{1,16}L?)(?!\w)/.exec(this.text.slice(this.at, this.at + 20)) ?? [];
    if (word === undefined) throw this.damage();
    this.at += word.length;
    if (word === "None") return null;
    return word === "True" || word === "False" ? word === "True" : Number.parseInt(word, 10);
  }

  private dict(depth: number): Map<Parsed, Parsed> {
    const result = new Map<Parsed, Parsed>();
    this.at += 1;
    while (!this.skips("}")) {
      const key = this.value(depth + 1);
      if (!this.skips(":")) throw this.damage();
      result.set(key, this.value(depth + 1));
      if (!this.skips(",") && !this.sees("}")) throw this.damage();
    }
    return result;
  }

  private sequence(end: string, depth: number): Parsed[] {
    const result: Parsed[] = [];
    this.at += 1;
    while (!this.skips(end)) {
      result.push(this.value(depth + 1));
      if (!this.skips(",") && !this.sees(end)) throw this.damage();
    }
    return result;
  }

  private string(quote: string): string {
    const end = this.text.indexOf(quote, this.at + 1);
    if (end < 0) throw this.damage();
    const result = this.text.slice(this.at + 1, end);
    if (result.includes("\\")) throw this.damage();
    this.at = end + 1;
    return result;
  }

  private sees(token: string): boolean {
    this.skip();
    return this.text[this.at] === token;
  }

  private skips(token: string): boolean {
    const isThere = this.sees(token);
    if (isThere) this.at += 1;
    return isThere;
  }

  private skip(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at += 1;
  }

  private damage(): Error {
    return new Error(`the header is damaged at character ${this.at}`);
  }
}
