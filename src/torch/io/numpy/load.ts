import { tensor } from "../../creation";
import { operator } from "../../dispatch";
import { TorchError } from "../../errors";
import { scope } from "../../memory";
import { native } from "../../native";
import { Tensor } from "../../tensor";
import { checkDisjoint } from "../pytorch/materialize";
import { readAt, reasonOf, withFile } from "../read";
import { readEntry, type ZipEntry, zipEntries } from "../zip";
import { headerWindow, type NpyHeader, parseNpyHeader } from "./header";

/** The array of an .npy file, memory-mapped. Throws TorchError that names the file. */
export function loadNpy(file: string): Tensor {
  return read(file, (descriptor, size) => {
    const header = parseNpyHeader(readAt(descriptor, 0, Math.min(size, headerWindow), size));
    return mapArray(file, header, 0, size);
  });
}

/** What a file may take of memory. */
export interface NpzOptions {
  /** Bytes that compressed arrays may have in memory together. */
  readonly maximalBytes?: number;
}

/**
 * The arrays of an .npz file by name, memory-mapped where they are not compressed. Throws TorchError that
 * names the file.
 */
export function loadNpz(file: string, { maximalBytes }: NpzOptions = {}): Record<string, Tensor> {
  return read(file, (descriptor, size) => {
    const entries = [...zipEntries(descriptor, size)];
    checkDisjoint(entries.map(([, entry]) => entry));
    checkExpansion(entries, maximalBytes ?? Math.max(1024 ** 3, 20 * size));
    const arrays = entries.map(([name, entry]) => {
      try {
        return [name.replace(/\.npy$/, ""), readArray(file, descriptor, entry, size)] as const;
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
      }
    });
    return Object.fromEntries(arrays);
  });
}

/** Whether an archive is one of arrays. Its first entry is named in its first bytes. */
export function isNpz(start: Buffer): boolean {
  const isNamed = start.length >= 30 && start.readUInt32LE(0) === 0x04034b50;
  if (!isNamed) return false;
  const length = start.readUInt16LE(26);
  return start.toString("latin1", 30, 30 + length).endsWith(".npy");
}

/** A few bytes can be deflated ones of a thousand times as many. */
function checkExpansion(entries: readonly [string, ZipEntry][], limit: number): void {
  const expanded = entries.filter(([, { isDeflated }]) => isDeflated);
  const total = expanded.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  if (total <= limit) return;
  throw new Error(
    `its compressed arrays take ${total.toLocaleString("en")} bytes of memory, the limit is ` +
      `${limit.toLocaleString("en")}: raise it with the option maximalBytes if you trust the file`,
  );
}

function readArray(file: string, descriptor: number, entry: ZipEntry, size: number): Tensor {
  const { begin, bytes, isDeflated } = entry;
  if (!isDeflated) {
    const start = readAt(descriptor, begin, Math.min(bytes, headerWindow), size);
    return mapArray(file, parseNpyHeader(start), begin, begin + bytes);
  }
  const content = readEntry(descriptor, entry, size);
  const header = parseNpyHeader(content);
  checkLength(header, content.length);
  const elements = viewDtype(tensor(content.subarray(header.begin)), header.dtype) as Tensor;
  return inOrder(elements, header);
}

/** An array whose file, or part of a file, is at bytes `from` to `to`. */
function mapArray(file: string, header: NpyHeader, from: number, to: number): Tensor {
  checkLength(header, to - from);
  const begin = from + header.begin;
  const { dtype, bytes } = header;
  const count = header.shape.reduce((product, size) => product * size, 1);
  const entry = { dtype, shape: [count], begin, end: begin + bytes };
  const [handle] = native.mapTensors(file, [entry]);
  return inOrder(new Tensor(handle), header);
}

function checkLength({ begin, bytes }: NpyHeader, length: number): void {
  if (begin + bytes === length) return;
  const [wanted, given] = [bytes, length - begin].map((count) => count.toLocaleString("en"));
  throw new Error(`its elements are ${wanted} bytes by its header and ${given} in the file`);
}

const viewDtype = operator("aten::view", "dtype");

/** Elements as they lie in the file, seen in the shape. */
function inOrder(elements: Tensor, { shape, isFortran }: NpyHeader): Tensor {
  if (!isFortran) return elements.view([...shape]);
  const dims = shape.map((_, i) => shape.length - 1 - i);
  return elements.view([...shape].reverse()).permute(dims);
}

function read<T>(file: string, use: (descriptor: number, size: number) => T): T {
  return withFile(file, (descriptor, size) => {
    try {
      return scope(() => use(descriptor, size));
    } catch (error) {
      const reason = reasonOf(error);
      throw new TorchError(`load: ${file} is no readable file of numpy's: ${reason}.`, {
        cause: error,
      });
    }
  });
}
