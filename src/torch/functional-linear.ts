import { operator } from "./dispatch";
import type { DType, Scalar } from "./dtype";
import { describe, TorchError } from "./errors";
import { scope } from "./memory";
import { byName } from "./named-arguments";
import { Tensor } from "./tensor";

// The norms, products and decompositions of torch/functional.py and torch/_lowrank.py of Python.

/** Which norm: "fro" and 2 are that of all elements as a vector, "nuc" the sum of singular values. */
export type NormOrder = Scalar | "fro" | "nuc" | null;

/** What `norm` takes beside the tensor. */
export interface NormOptions {
  readonly p?: NormOrder;
  /** Over these dimensions; by default over all. */
  readonly dim?: number | readonly number[] | null;
  readonly keepdim?: boolean;
  readonly dtype?: DType | null;
  readonly out?: Tensor;
}

/** torch.norm of Python, with `p`, `dim`, `keepdim`, `dtype` and `out` by position or by name. */
export function norm(x: Tensor, options?: NormOptions): Tensor;
export function norm(
  x: Tensor,
  p: NormOrder,
  dim?: NormOptions["dim"],
  keepdim?: boolean,
  options?: NormOptions,
): Tensor;
export function norm(x: Tensor, p: NormOrder, options: NormOptions): Tensor;
export function norm(
  x: Tensor,
  p: NormOrder,
  dim: NormOptions["dim"],
  options: NormOptions,
): Tensor;
export function norm(x: Tensor, ...args: unknown[]): Tensor {
  const given = byName("norm", ["p", "dim", "keepdim", "out", "dtype"], args) as NormOptions;
  const { dim = null, keepdim = false, dtype = null, out } = given;
  const p = given.p === undefined ? "fro" : (given.p ?? 2);
  const dims = typeof dim === "number" ? [dim] : dim;
  const options = { dtype, ...(out && { out }) };
  const isVector = typeof p !== "string" || (p === "fro" && (dims === null || dims.length <= 2));
  if (x.layout !== "strided") return ofSparse(x, p, dims, keepdim, given);
  if (isVector) {
    return vectorNorm(x, typeof p === "string" ? 2 : p, dims, keepdim, options) as Tensor;
  }
  const all = x.shape.map((_, n) => n);
  return matrixNorm(x, p, dims ?? all, keepdim, options) as Tensor;
}

const vectorNorm = operator("aten::linalg_vector_norm");
const matrixNorm = operator("aten::linalg_matrix_norm");
const elementNorm = operator("aten::norm");
const frobeniusNorm = operator("aten::frobenius_norm");

function ofSparse(
  x: Tensor,
  p: NonNullable<NormOrder>,
  dims: readonly number[] | null,
  keepdim: boolean,
  { dtype, out }: NormOptions,
): Tensor {
  const options = { ...(dtype && { dtype }), ...(out && { out }) };
  if (p === "fro") return frobeniusNorm(x, dims ?? [], keepdim, options) as Tensor;
  if (p !== "nuc") return elementNorm(x, p, dims ?? [], keepdim, options) as Tensor;
  throw new TorchError("norm: the nuclear norm needs a plain tensor; x.toDense() makes one");
}

/** What `normalize` takes beside the tensor. */
export interface NormalizeOptions {
  /** Which norm; 2 by default. */
  readonly p?: number;
  /** Along which dimensions; 1 by default. */
  readonly dim?: number | readonly number[];
  /** The least that is divided by; 1e-12 by default. */
  readonly eps?: number;
  readonly out?: Tensor;
}

/** x divided by its norm along a dimension: `torch.nn.functional.normalize` of Python. */
export function normalize(x: Tensor, options?: NormalizeOptions): Tensor;
export function normalize(
  x: Tensor,
  p: number,
  dim?: NormalizeOptions["dim"],
  eps?: number | NormalizeOptions,
  options?: NormalizeOptions,
): Tensor;
export function normalize(x: Tensor, p: number, options: NormalizeOptions): Tensor;
export function normalize(x: Tensor, ...args: unknown[]): Tensor {
  if (!(x instanceof Tensor)) {
    throw new TypeError(`normalize: argument 'x': expected a Tensor, given ${describe(x)}`);
  }
  const given = byName("normalize", ["p", "dim", "eps", "out"], args) as NormalizeOptions;
  const { p = 2, dim = 1, eps = 1e-12, out } = given;
  return scope(() => {
    const norms = norm(x, p, dim, true).clampMin(eps).expandAs(x);
    return (out ? quotient(x, norms, { out }) : quotient(x, norms)) as Tensor;
  });
}

const quotient = operator("aten::div");

/** Which dimensions of both are summed over: how many last and first ones, or a list for each. */
export type ContractedDims = number | readonly [readonly number[], readonly number[]] | Tensor;

/** Sums products over dimensions of both; by default over the last two of a and the first two of b. */
export function tensordot(
  a: Tensor,
  b: Tensor,
  dims?: ContractedDims | { readonly dims?: ContractedDims; readonly out?: Tensor },
  options?: { readonly out?: Tensor },
): Tensor;
export function tensordot(
  a: Tensor,
  b: Tensor,
  dimsA: readonly number[],
  dimsB: readonly number[],
  options?: { readonly out?: Tensor },
): Tensor;
export function tensordot(a: Tensor, b: Tensor, ...args: unknown[]): Tensor {
  const isOfOperator = Array.isArray(args[0]) && Array.isArray(args[1]);
  if (isOfOperator) return contract(a, b, ...args) as Tensor;
  const { dims = 2, out } = byName("tensordot", ["dims", "out"], args) as {
    dims?: ContractedDims;
    out?: Tensor;
  };
  const [first, second] = contracted(a, b, dims);
  return contract(a, b, first, second, ...(out ? [{ out }] : [])) as Tensor;
}

const contract = operator("aten::tensordot");

function contracted(a: Tensor, b: Tensor, given: ContractedDims): readonly (readonly number[])[] {
  const dims = given instanceof Tensor ? given.toArray<number | number[][]>() : given;
  if (Array.isArray(dims) && dims.length === 2 && dims.every(Array.isArray)) return dims;
  const most = Math.min(a.ndim, b.ndim);
  if (typeof dims === "number" && Number.isInteger(dims) && dims >= 0 && dims <= most) {
    const count = Array.from({ length: dims }, (_, n) => n);
    return [count.map((n) => n - dims), count];
  }
  throw new TypeError(
    `tensordot: argument 'dims': expected 0 to ${most} or two lists of dimensions, given ` +
      describe(dims),
  );
}

const computeModes = {
  use_mm_for_euclid_dist_if_necessary: null,
  use_mm_for_euclid_dist: 1,
  donot_use_mm_for_euclid_dist: 2,
} as const;

/** How Euclidean distances come about: by products of matrices where there are more than 25 rows, or as told. */
export type ComputeMode = keyof typeof computeModes | number | null;

/** x1 [..,P,M], x2 [..,R,M] -> the p-norms of all differences of rows [..,P,R]. */
export function cdist(
  x1: Tensor,
  x2: Tensor,
  options?: { readonly p?: number; readonly computeMode?: ComputeMode },
): Tensor;
export function cdist(
  x1: Tensor,
  x2: Tensor,
  p: number,
  computeMode?: ComputeMode | { readonly computeMode?: ComputeMode },
): Tensor;
export function cdist(x1: Tensor, x2: Tensor, ...args: unknown[]): Tensor {
  const { p = 2, computeMode = null } = byName("cdist", ["p", "computeMode"], args);
  if (typeof computeMode !== "string") return distances(x1, x2, p, computeMode) as Tensor;
  if (Object.hasOwn(computeModes, computeMode)) {
    return distances(x1, x2, p, computeModes[computeMode as keyof typeof computeModes]) as Tensor;
  }
  throw new TypeError(
    `cdist: argument 'computeMode': expected one of ${Object.keys(computeModes).join(", ")}, given ` +
      describe(computeMode),
  );
}

const distances = operator("aten::cdist");

/** What `lu` takes beside the matrix. */
export interface LuOptions {
  readonly pivot?: boolean;
  /** Whether errors are told by a third tensor of zeros, 0 where there is none, and not thrown. */
  readonly getInfos?: boolean;
}

/** A [..,m,n] -> its LU factors in one [..,m,n] and the pivots, int32. */
export function lu(a: Tensor, options?: LuOptions): [Tensor, Tensor] | [Tensor, Tensor, Tensor];
export function lu(
  a: Tensor,
  pivot: boolean,
  getInfos?: boolean | LuOptions,
): [Tensor, Tensor] | [Tensor, Tensor, Tensor];
export function lu(a: Tensor, ...args: unknown[]): [Tensor, Tensor] | [Tensor, Tensor, Tensor] {
  const { pivot = true, getInfos = false } = byName("lu", ["pivot", "getInfos"], args);
  const [factors, pivots, infos] = luWithInfo(a, pivot, !getInfos) as Tensor[];
  if (getInfos) return [factors, pivots, infos];
  infos.dispose();
  return [factors, pivots];
}

const luWithInfo = operator("aten::_lu_with_info");

/** Options of `svdLowrank`. */
export interface SvdLowrankOptions {
  /** Singular values that are sought; 6 by default. */
  readonly q?: number | null;
  /** Subspace iterations; 2 by default. */
  readonly niter?: number | null;
  /** What is subtracted from the matrix, broadcast to it; nothing by default. */
  readonly M?: Tensor | null;
}

/**
 * A [..,m,n] -> U [..,m,q], S [..,q], V [..,n,q] of A close to U diag(S) V^H, by random projections (Halko et
 * al. 2009, algorithm 5.1).
 */
export function svdLowrank(
  a: Tensor,
  options: SvdLowrankOptions = {},
): [U: Tensor, S: Tensor, V: Tensor] {
  const { q, niter, M } = byName("svdLowrank", ["q", "niter", "M"], [options]) as SvdLowrankOptions;
  return scope(() => {
    const matrix = M ? a.sub(M) : a;
    const isWide = a.shape[a.ndim - 2] < a.shape[a.ndim - 1];
    const tall = isWide ? matrix.mH : matrix;
    const basis = approximateBasis(tall, q ?? 6, niter ?? 2);
    const [left, values, right] = svd(basis.mH.matmul(tall), false) as Tensor[];
    const [U, V] = [basis.matmul(left), right.mH];
    return isWide ? [V, values, U] : [U, values, V];
  });
}

const svd = operator("aten::linalg_svd");
const qr = operator("aten::linalg_qr");
const randn = operator("aten::randn");

/** Orthonormal columns [..,m,q] whose span holds most of the matrix. */
function approximateBasis(tall: Tensor, q: number, niter: number): Tensor {
  const { dtype, device, shape } = tall;
  const real = /^(float|complex)/.test(dtype) ? dtype : "float32";
  const orthonormal = (x: Tensor) => (qr(x) as Tensor[])[0];
  const start = randn([shape[shape.length - 1], q], { dtype: real, device }) as Tensor;
  let basis = orthonormal(tall.matmul(start));
  for (let step = 0; step < niter; step++) {
    basis = orthonormal(tall.matmul(orthonormal(tall.mH.matmul(basis))));
  }
  return basis;
}

/** Options of `pcaLowrank`. */
export interface PcaLowrankOptions extends Omit<SvdLowrankOptions, "M"> {
  /** Whether the mean of the rows is subtracted first; true by default. */
  readonly center?: boolean;
}

/** The principal components of rows A [..,m,n], by `svdLowrank`; q is at most 6, m and n by default. */
export function pcaLowrank(
  a: Tensor,
  options: PcaLowrankOptions = {},
): [U: Tensor, S: Tensor, V: Tensor] {
  const given = byName("pcaLowrank", ["q", "center", "niter"], [options]) as PcaLowrankOptions;
  const [m, n] = a.shape.slice(-2);
  const { q, center = true, niter = 2 } = given;
  const components = q ?? Math.min(6, m, n);
  if (!(components >= 0 && components <= Math.min(m, n))) {
    throw new RangeError(`pcaLowrank: expected q of 0 to ${Math.min(m, n)}, given ${components}`);
  }
  if (!center) return svdLowrank(a, { q: components, niter });
  return scope(() => svdLowrank(a.sub(a.mean([-2], true)), { q: components, niter }));
}
