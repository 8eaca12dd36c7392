import type { InspectOptions } from "node:util";
import { operator, wrap } from "./dispatch";
import {
  type Device,
  type DType,
  isDType,
  type Layout,
  type MemoryFormat,
  type Scalar,
} from "./dtype";
import { checkOptions, describe } from "./errors";
import { format } from "./format";
import type { Methods } from "./generated/types";
import { type IndexPutOptions, indexPut, indexPut_ } from "./index-put";
import { applyIndex, type Index } from "./indexing";
import { dispose, register, scope } from "./memory";
import { type Handle, handleKey, native, type TypedArray } from "./native";
import { type NestedArray, nested } from "./nested-array";

export type { NestedArray } from "./nested-array";

/** What `x.to` makes of a tensor; what is left open stays. */
export interface ToOptions {
  readonly dtype?: DType;
  readonly device?: Device;
  /** Whether a copy between CUDA and pinned memory is not waited for; false by default. */
  readonly nonBlocking?: boolean;
  /** A copy even where nothing changes. */
  readonly copy?: boolean;
  readonly memoryFormat?: MemoryFormat;
}

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keeps the graph for another backward; by default as `createGraph`. */
  readonly retainGraph?: boolean;
  /** Records the gradients' own graph, for gradients of gradients. */
  readonly createGraph?: boolean;
  /** Only these leaves receive gradients. */
  readonly inputs?: readonly Tensor[];
}

/**
 * The operators, generated from LibTorch's schemas, are methods too: `x.matmul(y).softmax(-1)`. [The page of
 * operators](../../docs/operators.md) lists them.
 */
export interface Tensor extends Methods {}

/**
 * A LibTorch tensor. Its memory is freed by `dispose()`, by `using`, at the end of the `torch.scope`
 * that it was made in, or, last, by the garbage collector.
 *
 * Using a disposed tensor throws TypeError.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are installed in operators.ts
export class Tensor {
  /** @internal */
  readonly [handleKey]: Handle;

  /** Another reference to a tensor. */
  constructor(source: Tensor);
  /** @internal */
  constructor(handle: Handle);
  constructor(source: Tensor | Handle) {
    this[handleKey] = typeof source === "number" ? source : native.alias(source);
    register(this);
  }

  /** The sizes of the dimensions; [] for a tensor without. */
  get shape(): number[] {
    return native.shape(this);
  }

  /** Steps in elements between neighbours, per dimension. */
  get strides(): number[] {
    return native.strides(this);
  }

  /** The element type: "float32", "int64", ... */
  get dtype(): DType {
    return native.dtype(this) as DType;
  }

  /** Where the elements are: "cpu", "cuda:0", "meta". */
  get device(): Device {
    return native.device(this) as Device;
  }

  /** How the elements lie: "strided", "sparse_coo", ... */
  get layout(): Layout {
    return native.layout(this) as Layout;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return native.shape(this).length;
  }

  /** Number of elements. */
  numel(): number {
    return native.numel(this);
  }

  /** The shape, or one dimension's size; a negative one counts from the end. Throws RangeError. */
  size(): number[];
  size(dim: number): number;
  size(dim?: number): number | number[] {
    const shape = this.shape;
    if (dim === undefined) return shape;
    const size = shape.at(dim);
    if (size !== undefined) return size;
    throw new RangeError(
      `size: argument 'dim': expected ${-shape.length} to ${shape.length - 1}, given ${dim}`,
    );
  }

  /** Whether the elements lie in row-major order without gaps. */
  isContiguous(): boolean {
    return native.isContiguous(this);
  }

  /** Whether both are one tensor: two handles, one storage, one gradient. */
  isSame(other: Tensor): boolean {
    return native.isSame(this, other);
  }

  /** Whether operations on this are recorded for `backward`; can be set on leaves. */
  get requiresGrad(): boolean {
    return native.requiresGrad(this);
  }

  set requiresGrad(value: boolean) {
    native.setRequiresGrad(this, value);
  }

  /** Sets `requiresGrad`. Throws TorchError for what is no leaf, or is of integers. */
  requiresGrad_(value = true): this {
    native.setRequiresGrad(this, value);
    return this;
  }

  /** Whether no recorded operation made this: `backward` gives gradients to leaves. */
  get isLeaf(): boolean {
    return native.isLeaf(this);
  }

  /** The operator that made this in the graph ("AddBackward0"), or null. */
  get gradFn(): string | null {
    return native.gradFn(this);
  }

  /** The gradient that `backward` accumulated, or null. */
  get grad(): Tensor | null {
    return wrap(native.gradient(this));
  }

  set grad(value: Tensor | null) {
    native.setGradient(this, value);
  }

  /**
   * Accumulates d(this)/d(leaf) into the `grad` of each leaf that requires gradients. `gradient`,
   * of this shape, weighs the elements; a tensor of one element needs none.
   */
  backward(gradient?: Tensor | null, options: BackwardOptions = {}): void {
    checkOptions("backward", options, ["retainGraph", "createGraph", "inputs"]);
    const { retainGraph = null, createGraph = false, inputs = [] } = options;
    native.backward([this], gradient ? [gradient] : [], retainGraph, createGraph, inputs);
  }

  /**
   * The value of a tensor of one element: a boolean for bool, a bigint beyond 2^53, { re, im } for a complex
   * number.
   */
  item<T extends Scalar = number>(): T {
    return native.item(this) as T;
  }

  /**
   * Nested arrays of the shape, the bare value for a tensor without dimensions:
   * `x.toArray<number[][]>()`. Complex numbers are { re, im }, as `torch.tensor` takes them.
   *
   * Throws TypeError where there would be more than 2^26 numbers or arrays, or more than 64 dimensions.
   */
  toArray<T = NestedArray<number>>(): T {
    return nested(this) as T;
  }

  /**
   * A copy of the elements in row-major order: Float32Array for the half types too, BigInt64Array
   * for int64, Uint8Array for bool, pairs (re, im) for complex types, and for float4_e2m1fn_x2 its bytes, of
   * two numbers each.
   */
  toTypedArray(): TypedArray {
    return native.toTypedArray(this);
  }

  /**
   * The elements themselves, without a copy: what is written to one is read from the other. Half types
   * come as their bits (Uint16Array), complex ones as pairs. The array keeps the memory, whatever becomes
   * of the tensor, whose storage cannot be resized any more.
   *
   * Throws TypeError for tensors on another device, with gaps, or that require gradients.
   */
  asTypedArray(): TypedArray {
    return native.asTypedArray(this);
  }

  /** This tensor in another dtype, on another device; itself where nothing changes. */
  to(target: DType | Device | Tensor | ToOptions, options: ToOptions = {}): Tensor {
    const { dtype, device, ...rest } = { ...toOptions(target), ...options };
    return toDtypeLayout(this, { dtype, device, ...rest }) as Tensor;
  }

  /** In float32. */
  float(): Tensor {
    return this.to("float32");
  }

  /** In float64. */
  double(): Tensor {
    return this.to("float64");
  }

  /** In float16. */
  half(): Tensor {
    return this.to("float16");
  }

  /** In bfloat16. */
  bfloat16(): Tensor {
    return this.to("bfloat16");
  }

  /** In int64. */
  long(): Tensor {
    return this.to("int64");
  }

  /** In int32. */
  int(): Tensor {
    return this.to("int32");
  }

  /** In bool: true where it is not zero. */
  bool(): Tensor {
    return this.to("bool");
  }

  /** In the memory of the CPU. */
  cpu(): Tensor {
    return this.to("cpu");
  }

  /** In the memory of the current CUDA device. Throws TorchError without CUDA. */
  cuda(): Tensor {
    return this.to("cuda");
  }

  /** x[...] of Python: `x.index(0, null, torch.slice(1, 3), "...", rows)`; null is a new axis. */
  index(...indices: Index[]): Tensor {
    return scope(() => applyIndex(this, indices));
  }

  /** x[indices] = value of Python: `x.indexPut_([0, torch.slice(1)], 2)`; see `torch.indexPut_`. */
  indexPut_(indices: readonly Index[], value: Tensor | Scalar, options?: IndexPutOptions): this {
    return indexPut_(this, indices, value, options);
  }

  /** The same on a copy. */
  indexPut(indices: readonly Index[], value: Tensor | Scalar, options?: IndexPutOptions): Tensor {
    return indexPut(this, indices, value, options);
  }

  /** The dimensions in reverse; for matrices the transpose. */
  get T(): Tensor {
    return numpyT(this) as Tensor;
  }

  /** The last two dimensions swapped. Throws TorchError for a vector. */
  get mT(): Tensor {
    return matrixT(this) as Tensor;
  }

  /** The conjugate of `mT`. Throws TorchError for a vector. */
  get mH(): Tensor {
    return matrixAdjoint(this) as Tensor;
  }

  /** The conjugate transpose of a matrix. Throws TorchError for another number of dimensions. */
  get H(): Tensor {
    return matrixH(this) as Tensor;
  }

  /** A view of the real parts; this itself where it is real. What is assigned is copied into it. */
  get real(): Tensor {
    return realOf(this) as Tensor;
  }

  set real(value: Tensor | Scalar) {
    scope(() => assign(this.real, value));
  }

  /** A view of the imaginary parts. Throws TorchError for a real tensor. */
  get imag(): Tensor {
    return imaginaryOf(this) as Tensor;
  }

  set imag(value: Tensor | Scalar) {
    scope(() => assign(this.imag, value));
  }

  /** Drops this reference; views and the graph keep what they need. */
  dispose(): void {
    dispose(this);
  }

  /** Whether `dispose`, `using` or a scope's end has dropped this reference. */
  get isDisposed(): boolean {
    return native.isDisposed(this);
  }

  /** What `using x = ...` calls at the end of its block: `dispose`. */
  [Symbol.dispose](): void {
    dispose(this);
  }

  /** The tensors along the first dimension. */
  [Symbol.iterator](): Iterator<Tensor> {
    return this.unbind(0)[Symbol.iterator]();
  }

  /** As PyTorch prints it. */
  toString(): string {
    // Debuggers and consoles show prototypes too.
    if (!Object.hasOwn(this, handleKey)) return "Tensor.prototype";
    return this.isDisposed ? "tensor(disposed)" : scope(() => format(this));
  }

  [Symbol.for("nodejs.util.inspect.custom")](_depth: number, _options: InspectOptions): string {
    return this.toString();
  }
}

const toDtypeLayout = operator("aten::to", "dtype_layout");
const numpyT = operator("aten::numpy_T");
const matrixT = operator("aten::mT");
const matrixAdjoint = operator("aten::mH");
const matrixH = operator("aten::matrix_H");
const realOf = operator("aten::real");
const imaginaryOf = operator("aten::imag");

function assign(view: Tensor, value: Tensor | Scalar): Tensor {
  return value instanceof Tensor ? view.copy_(value) : view.fill_(value);
}

function toOptions(target: DType | Device | Tensor | ToOptions): ToOptions {
  if (target instanceof Tensor) return { dtype: target.dtype, device: target.device };
  if (typeof target === "string" && isDType(target)) return { dtype: target };
  if (typeof target === "string" && /^[a-z]+(:\d+)?$/.test(target)) return { device: target };
  if (typeof target === "object" && target !== null) return target;
  throw new TypeError(
    `to: argument 'target': expected a dtype, a device, a Tensor or options, given ${describe(target)}`,
  );
}
