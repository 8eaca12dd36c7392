import type { Tensor } from "../torch";
import * as torch from "../torch";
import { inForward } from "./draws";
import { withoutPacking } from "./packing";

/**
 * A forward whose shapes depend on its inputs' shapes alone, and of which no number leaves the
 * device: what a recording of a device's work can hold.
 *
 * Seeds of dropout are numbers of the host's, so they stay what they are; what changes instead is
 * who the rows are: their numbers are mixed with a salt that the device's generator draws, once for
 * every forward.
 */
interface StaticForward {
  /** [] int64, by device. */
  readonly salts: Map<string, Tensor>;
  /** Salted row numbers [R], by how many samples of how many rows they are of, and in which order. */
  readonly rows: Map<string, Tensor>;
  /** The sample [B] int64 that each place of the batch holds; null where they are in order. */
  readonly order: Tensor | null;
  /** Which samples drop, [B] bool in their order; null where a layer's mode is that of all. */
  readonly dropping: Tensor | null;
}

/** The forward under way: like the gradient mode, it is dynamic. */
let current: StaticForward | null = null;

/** Whether shapes are static here and now, so that nothing may be read. */
export function hasStaticShapes(): boolean {
  return current !== null;
}

/** Runs a synchronous function as one forward of static shapes, or as a part of one. */
export function withStaticShapes<T>(fn: () => T): T {
  if (current) return inForward(fn);
  const forward: StaticForward = { salts: new Map(), rows: new Map(), order: null, dropping: null };
  try {
    return within(forward, () => withoutPacking(() => inForward(fn, { seed: 0 })));
  } finally {
    for (const tensor of [...forward.salts.values(), ...forward.rows.values()]) tensor.dispose();
  }
}

/**
 * Runs a synchronous function on samples in another order: [B] int64, the sample at each place. Where
 * layers drop, they do at some of the places alone, if these are given: [B] bool.
 */
export function inOrderOf<T>(order: Tensor, dropping: Tensor | null, fn: () => T): T {
  if (!current) throw new Error("samples are put in order by tensors where shapes are static");
  const outer = current;
  const forward: StaticForward = { salts: outer.salts, rows: new Map(), order, dropping };
  try {
    return within(forward, fn);
  } finally {
    for (const tensor of forward.rows.values()) tensor.dispose();
  }
}

/** Whether some samples drop where others do not. */
export function dropsInPart(): boolean {
  return current !== null && current.dropping !== null;
}

/** Results [B,..] at samples that drop, and what they are else at the others. */
export function whereDropping(dropped: Tensor, otherwise: () => Tensor): Tensor {
  const dropping = current?.dropping ?? null;
  if (dropping === null) return dropped;
  const each = dropped.shape[0] / dropping.shape[0];
  const samples = dropping.unsqueeze(1).expand([-1, each]);
  const shape = [-1, ...Array<number>(dropped.ndim - 1).fill(1)];
  return torch.where(samples.reshape(shape), dropped, otherwise());
}

/** Who the rows of x [B,..,C] are in the static forward under way, salted: [R] int64. */
export function saltedRows(x: Tensor): Tensor {
  const { rows } = current!;
  const [samples, ...inside] = x.shape.slice(0, -1);
  const each = inside.reduce((product, size) => product * size, 1);
  const key = `${x.device} ${samples} ${each}`;
  const known = rows.get(key);
  if (known) return known;
  const made = torch.noGrad(() => torch.scope(() => rowNumbersOf(x.device, samples ?? 1, each)));
  rows.set(key, torch.keep(made));
  return made;
}

/** sample * 2^32 + position, [samples * each], mixed with the salt. */
function rowNumbersOf(device: string, samples: number, each: number): Tensor {
  const { order } = current!;
  const options = { dtype: "int64", device } as const;
  const inOrder = torch.arange(samples, options);
  const numbers = order === null ? inOrder : perSample(order, samples);
  const positions = torch.arange(each, options);
  return numbers
    .mul(2 ** 32)
    .unsqueeze(1)
    .add(positions)
    .flatten()
    .bitwiseXor(saltOf(device));
}

/** Where a module sees several samples in one: the numbers of each of them. */
function perSample(order: Tensor, samples: number): Tensor {
  const each = samples / order.shape[0];
  if (each === 1) return order;
  const inside = torch.arange(each, { dtype: "int64", device: order.device });
  return order.mul(each).unsqueeze(1).add(inside).flatten();
}

function saltOf(device: string): Tensor {
  const { salts } = current!;
  if (!salts.has(device)) {
    salts.set(device, torch.keep(torch.empty([], { dtype: "int64", device }).random_()));
  }
  return salts.get(device)!;
}

function within<T>(forward: StaticForward, fn: () => T): T {
  const outer = current;
  current = forward;
  try {
    return fn();
  } finally {
    current = outer;
  }
}
