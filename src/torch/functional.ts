import { operator } from "./dispatch";
import { describe } from "./errors";
import { isOptions, tensorsOf } from "./named-arguments";
import { Tensor } from "./tensor";

// What torch/functional.py of Python does beside calling the operator: tensors that are given one by one, and
// padding. Reductions and products are in functional-linear.ts.

/** A function of Tensors that are given one by one or as an array. */
interface OfTensors<Result> {
  (...tensors: Tensor[]): Result;
  (tensors: readonly Tensor[]): Result;
}

function ofTensors<Result>(name: string, what: string): OfTensors<Result> {
  const run = operator(`aten::${name}`);
  return (...args: unknown[]) => run([...tensorsOf(what, args)]) as Result;
}

/** The matrices along a diagonal, with zeros elsewhere. */
export const blockDiag = ofTensors<Tensor>("block_diag", "blockDiag");

/** All expanded to the shape that they broadcast to. */
export const broadcastTensors = ofTensors<Tensor[]>("broadcast_tensors", "broadcastTensors");

/** The tuples of one element each of vectors: [product of lengths, vectors]. */
export const cartesianProd = ofTensors<Tensor>("cartesian_prod", "cartesianProd");

/** The product of matrices, in the order that takes the fewest multiplications. */
export const chainMatmul = ofTensors<Tensor>("chain_matmul", "chainMatmul");

/** `atleast1d(x)` is a Tensor, `atleast1d(x, y)` and `atleast1d([x])` an array. */
interface AtLeast {
  (tensor: Tensor): Tensor;
  (...tensors: Tensor[]): Tensor[];
  (tensors: readonly Tensor[]): Tensor[];
}

function atLeast(dims: number): AtLeast {
  const run = operator(`aten::atleast_${dims}d`);
  const what = `atleast${dims}d`;
  return ((...args: unknown[]) =>
    args.length === 1 && args[0] instanceof Tensor
      ? run(args[0])
      : run([...tensorsOf(what, args)])) as AtLeast;
}

/** With dimensions of size 1 in front where there are fewer than one. */
export const atleast1d = atLeast(1);
/** With dimensions of size 1 in front where there are fewer than two. */
export const atleast2d = atLeast(2);
/** With dimensions of size 1 around where there are fewer than three. */
export const atleast3d = atLeast(3);

/** Options of `meshgrid`. */
export interface MeshgridOptions {
  /** Whether the first vector goes along the rows, "ij", or along the columns, "xy"; "ij" by default. */
  readonly indexing?: "ij" | "xy";
}

/** Grids of the coordinates that vectors give, one grid a vector. */
export function meshgrid(...args: [...Tensor[], MeshgridOptions]): Tensor[];
export function meshgrid(...tensors: Tensor[]): Tensor[];
export function meshgrid(tensors: readonly Tensor[], options?: MeshgridOptions): Tensor[];
export function meshgrid(...args: unknown[]): Tensor[] {
  const last = args.at(-1);
  const options = isOptions(last) ? [{ indexing: "ij", ...last }] : [];
  const tensors = tensorsOf("meshgrid", options.length > 0 ? args.slice(0, -1) : args);
  return grids([...tensors], ...options) as Tensor[];
}

const grids = operator("aten::meshgrid");

/** An operand's dimensions by number, 0 to 51, or "..." for those that have none. */
export type Subscripts = readonly (number | "...")[];

/** Options of `einsum` beside the operator's. */
export interface EinsumOptions {
  /** Which operands are contracted one after the other, two numbers each; by default from the left. */
  readonly path?: readonly number[] | null;
}

/**
 * Einstein's sum: `einsum("ij,jk->ik", a, b)`, with operands one by one or in an array, or as pairs of an
 * operand and its subscripts, with those of the result at the end: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor;
export function einsum(
  equation: string,
  operands: readonly Tensor[],
  options?: EinsumOptions,
): Tensor;
export function einsum(operand: Tensor, subscripts: Subscripts, ...more: unknown[]): Tensor;
export function einsum(...args: unknown[]): Tensor {
  if (args[0] instanceof Tensor) return einsum(equationOf(args), args.filter(isOperand(args)));
  const [equation, ...operands] = args;
  const last = operands.at(-1);
  const options = isOptions(last) ? [operands.pop()] : [];
  return sum(equation, [...tensorsOf("einsum", operands)], ...options) as Tensor;
}

const sum = operator("aten::einsum");

/** In pairs every other value is an operand, but for subscripts at the end. */
function isOperand(args: readonly unknown[]): (value: unknown, n: number) => value is Tensor {
  const end = args.length - (args.length % 2);
  return (_, n): _ is Tensor => n < end && n % 2 === 0;
}

function equationOf(args: readonly unknown[]): string {
  const end = args.length - (args.length % 2);
  const inputs = args.slice(0, end).filter((_, n) => n % 2 === 1);
  const result = args.length > end ? `->${letters(args[end])}` : "";
  return inputs.map(letters).join(",") + result;
}

function letters(subscripts: unknown): string {
  const isList = Array.isArray(subscripts);
  const bad = isList
    ? subscripts.find((one) => one !== "..." && !(Number.isInteger(one) && one >= 0 && one < 52))
    : subscripts;
  if (!isList || bad !== undefined) {
    throw new TypeError(
      `einsum: expected subscripts of 0 to 51 or "..." in an array, given ${describe(bad)}`,
    );
  }
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return subscripts.map((one) => (one === "..." ? one : alphabet[one])).join("");
}

/** What `stft` takes beside the signal and the length of a transform. */
export interface StftOptions {
  readonly hopLength?: number | null;
  readonly winLength?: number | null;
  readonly window?: Tensor | null;
  /** Whether frames are centred; true by default. */
  readonly center?: boolean;
  /** How the ends are padded then: "reflect" by default. */
  readonly padMode?: string;
  readonly normalized?: boolean;
  readonly onesided?: boolean | null;
  readonly returnComplex?: boolean | null;
  readonly alignToWindow?: boolean | null;
}

/** The arguments of torch.stft of Python, by position or from any of them on by name. */
export interface Stft {
  (
    x: Tensor,
    nFft: number,
    hopLength?: number | null,
    winLength?: number | null,
    window?: Tensor | null,
    center?: boolean,
    padMode?: string,
    normalized?: boolean,
    onesided?: boolean | null,
    returnComplex?: boolean | null,
    alignToWindow?: boolean | null,
  ): Tensor;
  (x: Tensor, nFft: number, options?: StftOptions): Tensor;
  (x: Tensor, nFft: number, hopLength: number | null, options?: StftOptions): Tensor;
  (
    x: Tensor,
    nFft: number,
    hopLength: number | null,
    winLength: number | null,
    options?: StftOptions,
  ): Tensor;
}

/**
 * The short-time Fourier transform of x [..,L], of frames that are centred, so that x is padded at both ends.
 * The operator that pads nothing is `torch.ops.aten.stft.default`.
 */
export const stft: Stft = operator("aten::stft", "center") as Stft;
