import { Block } from "../models/block";
import { LinearOntoResidual, LinearStreams, Nothing, PassOn } from "../models/stand-ins";
import { init, Linear, type Module, MultiHeadAttention } from "../nn";
import * as torch from "../torch";
import { type HeadGroup, type InHeads, linearHeads, type RunHeads } from "./heads";
import type { Part } from "./site";

/** What runs where a part is left out; see `skip`. */
export function nothingInPlaceOf(site: Module, part: Part): Module {
  if (site instanceof MultiHeadAttention) return new NoHeads(site.heads, site.query.outFeatures);
  if (part === "intermediate") return new Nothing(outerLinears(site).last.outFeatures);
  if (part === "output") return new PassOn(1, 1);
  return new PassOn(0, streamsOf(site));
}

/**
 * The linear layers in place of a part. They start as nothing in its place, so that training starts
 * at `skip`; only a module that changes the width, and is no known part, starts at random.
 */
export function linearInPlaceOf(site: Module, part: Part): Module {
  if (site instanceof MultiHeadAttention) {
    const { inFeatures, outFeatures } = site.query;
    return new LinearHeads(site.heads, zeros(linearLike(site.query, inFeatures, outFeatures)));
  }
  const { first, last } = outerLinears(site);
  const make = () => linearLike(first, first.inFeatures, last.outFeatures);
  if (part === "output") return new LinearOntoResidual(zeros(make()));
  if (part === "intermediate") return new LinearStreams([zeros(make())]);
  const start = first.inFeatures === last.outFeatures ? identity : (linear: Linear) => linear;
  return new LinearStreams(Array.from({ length: streamsOf(site) }, () => start(make())));
}

/** Heads that are left out: zeros for each. */
export class NoHeads extends Nothing implements InHeads {
  constructor(
    private readonly heads: number,
    private readonly width: number,
  ) {
    super(width);
  }

  inHeads(groups: readonly HeadGroup[]): RunHeads[] {
    const size = this.width / this.heads;
    return groups.map(({ length: count }) => (x) => {
      const [first, length] = x.shape;
      return x.newZeros(x.ndim === 3 ? [first, count, length, size] : [first, count, size]);
    });
  }
}

/** A linear layer in place of heads: a slice of its outputs for each. */
export class LinearHeads extends LinearStreams implements InHeads {
  constructor(
    private readonly heads: number,
    linear: Linear,
  ) {
    super([linear]);
  }

  inHeads(groups: readonly HeadGroup[]): RunHeads[] {
    return linearHeads(this.streams[0], this.heads, groups);
  }
}

function streamsOf(site: Module): number {
  return site instanceof Block ? site.streams : 1;
}

/** The linear layers that a module begins and ends with, which tell its widths. */
function outerLinears(site: Module): { first: Linear; last: Linear } {
  const linears = site
    .namedModules()
    .map(([, module]) => module)
    .filter((module) => module instanceof Linear);
  if (linears.length > 0) return { first: linears[0], last: linears[linears.length - 1] };
  throw new Error(
    `${site.constructor.name} has no linear layer that would tell its width: ` +
      `write an alternative of your own, { name, keepsNames, build }`,
  );
}

function linearLike({ weight }: Linear, inFeatures: number, outFeatures: number): Linear {
  return new Linear(inFeatures, outFeatures, { device: weight.device, dtype: weight.dtype });
}

function zeros(linear: Linear): Linear {
  init.zeros_(linear.weight);
  init.zeros_(linear.bias!);
  return linear;
}

function identity(linear: Linear): Linear {
  init.zeros_(linear.bias!);
  torch.noGrad(() => linear.weight.copy_(torch.eye(linear.inFeatures)));
  return linear;
}
