import fs from "node:fs";
import type { DType } from "../dtype";
import { TorchError } from "../errors";
import { type FileEntry, native } from "../native";
import { Tensor } from "../tensor";
import { writeAll } from "./atomic";
import { isSizes, itemSize } from "./dtypes";
import { openFile, readAt } from "./read";

// https://github.com/huggingface/safetensors: 8 bytes of header length (little-endian), a JSON
// header { name: { dtype, shape, data_offsets } }, then the tensors' bytes.

const codes: Readonly<Record<string, DType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  U16: "uint16",
  U32: "uint32",
  U64: "uint64",
  BOOL: "bool",
  C64: "complex64",
  F8_E4M3: "float8_e4m3fn",
  F8_E5M2: "float8_e5m2",
  F8_E4M3FNUZ: "float8_e4m3fnuz",
  F8_E5M2FNUZ: "float8_e5m2fnuz",
  F8_E8M0: "float8_e8m0fnu",
  F4: "float4_e2m1fn_x2",
};

const dtypeByCode = new Map(Object.entries(codes));
const codeByDtype = new Map(Object.entries(codes).map(([code, dtype]) => [dtype, code]));

const lengthBytes = 8;
/** The format's own limit. */
const maximalHeader = 100_000_000;

export interface Header {
  readonly entries: readonly (FileEntry & { readonly name: string })[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether a file with these first bytes and this size is one of this format. */
export function isSafetensors(start: Buffer, size: number): boolean {
  if (start.length < lengthBytes + 1) return false;
  const length = Number(start.readBigUInt64LE(0));
  return length <= Math.min(maximalHeader, size - lengthBytes) && start[lengthBytes] === 0x7b; // {
}

/**
 * Reads and checks a header: known dtypes, sizes that fit, ranges inside the file that neither
 * overlap nor leave holes. Throws TorchError that names the file and the tensor.
 */
export function readHeader(file: string): Header {
  const descriptor = openFile(file);
  try {
    const { size } = fs.fstatSync(descriptor);
    const length = readLength(descriptor, size, file);
    const text = readAt(descriptor, lengthBytes, length, size);
    checkNesting(text, file);
    return parseHeader(text.toString("utf8"), lengthBytes + length, size, file);
  } finally {
    fs.closeSync(descriptor);
  }
}

function readLength(descriptor: number, size: number, file: string): number {
  const start = Buffer.alloc(lengthBytes);
  const isShort = fs.readSync(descriptor, start, 0, lengthBytes, 0) < lengthBytes;
  const length = isShort ? 0n : start.readBigUInt64LE(0);
  if (isShort || length > BigInt(Math.max(0, size - lengthBytes))) {
    throw broken(file, `the header is cut off: the file has ${size.toLocaleString("en")} bytes`);
  }
  if (length > BigInt(maximalHeader))
    throw broken(file, `a header of ${length} bytes is too large`);
  return Number(length);
}

/**
 * JSON of nothing but brackets takes many times its size in memory. A tensor's entry has three pairs
 * of them in at least 48 bytes, and is nested three deep.
 */
function checkNesting(text: Buffer, file: string): void {
  let depth = 0;
  let count = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (isText) {
      if (byte === 0x5c)
        at += 1; // a backslash and what it escapes
      else isText = byte !== 0x22;
    } else if (byte === 0x22) isText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      count += 1;
      if (depth > 8 || 16 * count > text.length + 1024) {
        throw broken(file, "the header is nested as none of tensors is");
      }
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
}

function parseHeader(text: string, dataStart: number, size: number, file: string): Header {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw broken(file, `the header is not JSON: ${(error as Error).message}`);
  }
  if (!isRecord(parsed)) throw broken(file, "the header is not a JSON object");
  const { __metadata__: metadata = {}, ...tensors } = parsed;
  const isText = isRecord(metadata) && Object.values(metadata).every((v) => typeof v === "string");
  if (!isText) throw broken(file, "__metadata__ is not an object of strings");
  const entries = Object.entries(tensors).map(([name, entry]) =>
    parseEntry(name, entry, dataStart, file),
  );
  checkCoverage(entries, dataStart, size, file);
  return { entries, metadata: metadata as Record<string, string> };
}

function parseEntry(name: string, entry: unknown, dataStart: number, file: string) {
  const what = `tensor '${shorten(name)}'`;
  if (!isRecord(entry)) throw broken(file, `${what} is not described by an object`);
  const { dtype: code, shape, data_offsets: offsets } = entry;
  const dtype = dtypeByCode.get(String(code));
  if (!dtype) throw broken(file, `${what} has the unknown dtype ${brief(code)}`);
  if (!isSizes(shape)) throw broken(file, `${what} has the shape ${brief(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw broken(file, `${what} has the data_offsets ${brief(offsets)}`);
  }
  const [begin, end] = offsets;
  const packed = dtype === "float4_e2m1fn_x2" ? halved(shape) : shape;
  if (!packed) throw broken(file, `${what} of F4 has an odd number of columns: [${shape}]`);
  const needed = packed.reduce((count, size) => count * size, itemSize(dtype));
  if (end - begin !== needed) {
    const bytes = `${needed.toLocaleString("en")} bytes, given ${(end - begin).toLocaleString("en")}`;
    throw broken(file, `${what} of ${code} and shape [${shape.join(", ")}] needs ${bytes}`);
  }
  return { name, dtype, shape: packed, begin: dataStart + begin, end: dataStart + end };
}

/** The format counts numbers of four bits, a tensor bytes of two. */
function halved(shape: readonly number[]): number[] | null {
  const last = shape.at(-1);
  return last === undefined || last % 2 !== 0 ? null : [...shape.slice(0, -1), last / 2];
}

function doubled(shape: readonly number[]): number[] {
  return [...shape.slice(0, -1), 2 * (shape.at(-1) as number)];
}

function checkCoverage(entries: Header["entries"], dataStart: number, size: number, file: string) {
  let next = dataStart;
  for (const { name, begin, end } of [...entries].sort(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin !== next || end < begin) {
      throw broken(file, `tensor '${shorten(name)}' overlaps another or leaves a hole before it`);
    }
    next = end;
  }
  if (next === size) return;
  const missing = (next - size).toLocaleString("en");
  throw broken(
    file,
    next > size
      ? `the file ends ${missing} bytes too early; was it downloaded completely?`
      : "bytes follow the last tensor",
  );
}

/** Maps the file into memory; nothing is read before it is used. */
export function loadSafetensors(file: string): Record<string, Tensor> {
  const { entries } = readHeader(file);
  const handles = native.mapTensors(file, entries);
  return Object.fromEntries(handles.map((handle, i) => [entries[i].name, new Tensor(handle)]));
}

/** Writes a whole file to an open descriptor. */
export function writeSafetensors(
  descriptor: number,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): void {
  // Wider elements first, so that each starts at a multiple of its size.
  const sorted = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, tensor, ...layoutOf(name, tensor) }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  const header: [string, unknown][] =
    Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const { name, tensor, code, bytes } of sorted) {
    const begin = end;
    end += tensor.numel() * bytes;
    const shape = code === "F4" ? doubled(tensor.shape) : tensor.shape;
    header.push([name, { dtype: code, shape, data_offsets: [begin, end] }]);
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)), "utf8");
  const padded = Buffer.alloc(Math.ceil(text.length / lengthBytes) * lengthBytes, " ");
  text.copy(padded);
  const start = Buffer.alloc(lengthBytes);
  start.writeBigUInt64LE(BigInt(padded.length));
  for (const part of [start, padded]) writeAll(descriptor, part);
  for (const { tensor } of sorted) native.writeTensor(descriptor, tensor);
}

function layoutOf(name: string, tensor: Tensor): { code: string; bytes: number } {
  const code = codeByDtype.get(tensor.dtype);
  const isUncounted = code === "F4" && tensor.ndim === 0;
  if (code && name !== "__metadata__" && !isUncounted)
    return { code, bytes: itemSize(tensor.dtype) };
  const reason = isUncounted
    ? "it has no dimension to count two numbers a byte in"
    : code
      ? "the name is the format's own"
      : `no code for ${tensor.dtype}`;
  throw new TypeError(`save: tensor '${name}' cannot be written as safetensors: ${reason}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function brief(value: unknown): string {
  return shorten(JSON.stringify(value) ?? "undefined");
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

function broken(file: string, why: string): TorchError {
  return new TorchError(`load: ${file} is no valid safetensors file: ${why}`);
}
