import { wrap } from "./dispatch";
import { type DType, dtypes, isDType } from "./dtype";
import { checkOptions, describe } from "./errors";
import { isSizes, itemSize } from "./io/dtypes";
import { native } from "./native";
import type { Tensor } from "./tensor";

/** Memory of JavaScript's. */
export type Memory = ArrayBufferLike | NodeJS.ArrayBufferView;

/** Options of `frombuffer`. */
export interface FrombufferOptions {
  /** By default a typed array's own, uint8 for plain buffers. */
  readonly dtype?: DType;
  /** By default one dimension of what is there from `offset` on. */
  readonly shape?: readonly number[];
  /** Bytes to leave out at the start. */
  readonly offset?: number;
  /** Moves the memory of an ArrayBuffer into the tensor: the buffer is empty afterwards. */
  readonly transfer?: boolean;
  readonly requiresGrad?: boolean;
}

/**
 * A tensor over memory of JavaScript's, without a copy: what is written to one is read from the other.
 *
 * The memory must be that of a SharedArrayBuffer or of `asTypedArray`. That of a plain ArrayBuffer can be
 * transferred away under the tensor at any time, so it must be moved into it (`transfer: true`; `x.
 * asTypedArray()` is the way back) or copied (`torch.tensor`). Throws TypeError for other memory, for
 * a shape that needs more, and for elements that are not aligned.
 */
export function frombuffer(memory: Memory, options: FrombufferOptions = {}): Tensor {
  checkOptions("frombuffer", options, ["dtype", "shape", "offset", "transfer", "requiresGrad"]);
  const whole = bytesOf(memory);
  const { dtype = dtypeOf(memory), offset = 0, transfer = false, requiresGrad = false } = options;
  if (!isDType(dtype)) {
    throw new TypeError(
      `frombuffer: option 'dtype': expected one of ${dtypes.join(", ")}, given ${describe(dtype)}`,
    );
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > whole.length) {
    throw new TypeError(
      `frombuffer: option 'offset': expected 0 to ${whole.length} bytes, given ${describe(offset)}`,
    );
  }
  const size = itemSize(dtype);
  const { shape = [(whole.length - offset) / size] } = options;
  checkShape(shape, dtype, whole.length - offset);
  if (offset % size !== 0) {
    throw new TypeError(
      `frombuffer: option 'offset': expected a multiple of ${size} for ${dtype}, given ${offset}`,
    );
  }
  const kept = transfer ? moved(whole) : lasting(whole);
  const tensor = wrap(native.overTypedArray(kept.subarray(offset), dtype, shape));
  return requiresGrad ? tensor.requiresGrad_() : tensor;
}

function bytesOf(memory: Memory): Uint8Array {
  if (ArrayBuffer.isView(memory)) {
    return new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength);
  }
  if (memory instanceof ArrayBuffer || memory instanceof SharedArrayBuffer) {
    return new Uint8Array(memory);
  }
  throw new TypeError(
    "frombuffer: argument 'memory': expected a typed array, an ArrayBuffer or a SharedArrayBuffer, " +
      `given ${describe(memory)}`,
  );
}

const dtypeByArray: ReadonlyMap<unknown, DType> = new Map<unknown, DType>([
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Uint16Array, "uint16"],
  [Int32Array, "int32"],
  [Uint32Array, "uint32"],
  [BigInt64Array, "int64"],
  [BigUint64Array, "uint64"],
]);

function dtypeOf(memory: Memory): DType {
  return dtypeByArray.get(memory.constructor) ?? "uint8";
}

function checkShape(shape: readonly number[], dtype: DType, bytes: number): void {
  const given = Array.isArray(shape) ? `[${shape.join(", ")}]` : describe(shape);
  if (!isSizes(shape)) {
    throw new TypeError(
      `frombuffer: option 'shape': expected sizes that ${bytes} bytes hold, given ${given}`,
    );
  }
  const needed = shape.reduce((count, size) => count * size, itemSize(dtype));
  if (needed <= bytes) return;
  throw new TypeError(
    `frombuffer: option 'shape': ${given} of ${dtype} needs ${needed} bytes, given ${bytes}`,
  );
}

/** The same bytes, where nothing can take them from under a tensor. */
function lasting(bytes: Uint8Array): Uint8Array {
  const isShared = bytes.buffer instanceof SharedArrayBuffer;
  if (bytes.length === 0 || isShared || native.isTensorMemory(bytes)) return bytes;
  throw new TypeError(
    "frombuffer: the memory of an ArrayBuffer can be transferred away under the tensor. Move it into " +
      "the tensor with { transfer: true }, copy it with torch.tensor, or use a SharedArrayBuffer.",
  );
}

/** The bytes in a buffer that nothing else refers to; the one they were in is empty. */
function moved(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  if (!(buffer instanceof ArrayBuffer) || (buffer as { resizable?: boolean }).resizable) {
    throw new TypeError(
      "frombuffer: option 'transfer': expected memory of an ArrayBuffer of fixed length",
    );
  }
  let taken: ArrayBuffer | undefined;
  try {
    taken = structuredClone(buffer, { transfer: [buffer] });
  } catch (error) {
    throw new TypeError(untransferable, { cause: error });
  }
  if (buffer.byteLength !== 0 && taken.byteLength !== 0) throw new TypeError(untransferable);
  return new Uint8Array(taken, byteOffset, length);
}

const untransferable =
  "frombuffer: option 'transfer': this buffer cannot be transferred (small Buffers of Node's share " +
  "one); copy it with torch.tensor";
