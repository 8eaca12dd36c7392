import * as torch from "../torch";

/**
 * What dropout draws in a forward depends on where a layer is in it, on who a row is (`rowNumbers`)
 * and on one seed of the forward, from torch's generator: so that a subset of the samples, run apart
 * or by another alternative, drops what the whole batch would.
 *
 * A layer's place counts the calls before it. Where one of several functions runs in the others'
 * stead, at a `branchPoint`, the place in each counts from its start, and whatever runs, the point
 * is one call to what follows.
 */
interface Forward {
  /** Drawn when it is first needed, so that evaluation leaves the generator alone. */
  seed: number | null;
}

interface Place {
  readonly forward: Forward;
  readonly outer: readonly number[];
  calls: number;
}

/** Where the forward under way is; null outside: like the gradient mode, it is dynamic. */
let place: Place | null = null;

/**
 * Runs a synchronous function as one forward, or as a part of the one that is under way. A seed that is
 * given is not drawn.
 */
export function inForward<T>(fn: () => T, { seed = null }: { seed?: number | null } = {}): T {
  return place ? branchPoint()(fn) : at({ forward: { seed }, outer: [], calls: 0 }, fn);
}

/** A place for functions of which any, or several, run in each other's stead: they draw the same. */
export function branchPoint(): <T>(branch: () => T) => T {
  if (place === null) return (branch) => branch();
  const { forward, outer, calls } = place;
  place.calls++;
  return (branch) => at({ forward, outer: [...outer, calls], calls: 0 }, branch);
}

/**
 * The seed of a layer's draws here and now: one of its own outside of a forward. To be called where
 * nothing is drawn too, as in evaluation, so that the layers after it keep their places.
 */
export function nextSeed(isDrawn: boolean): number {
  if (place === null) return isDrawn ? drawSeed() : 0;
  const { forward, outer, calls } = place;
  place.calls++;
  if (!isDrawn) return 0;
  forward.seed ??= drawSeed();
  return derive(outer.reduce(derive, forward.seed), calls);
}

function at<T>(inner: Place, fn: () => T): T {
  const before = place;
  place = inner;
  try {
    return fn();
  } finally {
    place = before;
  }
}

/** A number below 2^53, of torch's generator. */
function drawSeed(): number {
  return torch.scope(() => {
    const drawn = torch
      .empty([2], { dtype: "int64" })
      .random_(2 ** 26)
      .toTypedArray();
    return Number(drawn[0]) * 2 ** 26 + Number(drawn[1]);
  });
}

/** Another number below 2^53, for every n another one. */
function derive(seed: number, n: number): number {
  const low = mix((seed >>> 0) ^ mix(n + 1));
  const high = mix(Math.floor(seed / 2 ** 32) ^ low) & 0x1fffff;
  return high * 2 ** 32 + low;
}

/** A bijection of 32 bits (Wellons 2018, "Prospecting for hash functions", lowbias32). */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0xd35a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}
