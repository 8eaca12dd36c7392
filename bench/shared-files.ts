import path from "node:path";
import { findSites } from "adaptune";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import { type EncoderModel, makeEncoder, peerStrategies, strategyUnderTest } from "./encoder";
import type { Case, EncoderSize, StrategyUnderTest } from "./suites";

/** Weights of one size, and what is the same for all that runs on them. */
export interface SharedWeights {
  readonly file: string;
  readonly streams: readonly string[];
  /** Names of the sites, in the order of the decisions; none for standard finetuning. */
  readonly sites: (strategy: StrategyUnderTest) => readonly string[];
}

/**
 * Writes the weights that all contenders load: `frozen.<name>` and `tuned.<name>`. Both are drawn
 * from N(0, 0.02^2), norms around 1, so that alternatives differ as much as they can.
 */
export function writeWeights(size: EncoderSize, folder: string): SharedWeights {
  torch.manualSeed(1);
  const encoder = makeEncoder(size);
  const file = path.join(folder, "weights.safetensors");
  torch.noGrad(() =>
    torch.scope(() => {
      const state: Record<string, Tensor> = {};
      for (const [name, weight] of encoder.namedParameters()) {
        for (const kind of ["frozen", "tuned"]) {
          const values = torch.randn(weight.shape).mul(0.02);
          state[`${kind}.${name}`] = /LayerNorm\.weight$/.test(name) ? values.add(1) : values;
        }
      }
      torch.save(state, file);
    }),
  );
  const { streams } = encoder;
  const sites = new Map<StrategyUnderTest, readonly string[]>();
  for (const strategy of Object.keys(peerStrategies) as StrategyUnderTest[]) {
    sites.set(strategy, siteNames(encoder, strategy));
  }
  for (const weight of encoder.parameters()) weight.dispose();
  return { file, streams, sites: (strategy) => sites.get(strategy)! };
}

function siteNames(encoder: EncoderModel, strategy: StrategyUnderTest): readonly string[] {
  const { where } = strategyUnderTest(strategy);
  return where === null ? [] : findSites(encoder, where).map(({ name }) => name);
}

/**
 * Writes the batch that all contenders load: `input.<stream>` [B,T,D], `mask.<stream>` [B,T] where
 * there is padding, `loss.<stream>` [B,T,D], which weighs the outputs and is 0 at padding, and what
 * makes the wanted decisions: `decisions` [B,N], `logits` and `exponential` [B,N,2].
 */
export function writeBatch(
  { workload, f }: Case,
  { streams }: SharedWeights,
  picks: { readonly sites: number; readonly usedIsFirst: boolean },
  file: string,
): void {
  torch.manualSeed(2);
  torch.noGrad(() =>
    torch.scope(() => {
      const { batch, tokens, lengths, size } = workload;
      const state: Record<string, Tensor> = {};
      for (const [number, stream] of streams.entries()) {
        const shape = [batch, tokens[number], size.width];
        const weights = torch.randn(shape).div(batch * tokens[number]);
        state[`input.${stream}`] = torch.randn(shape);
        const ends = lengths && torch.tensor([...lengths]).unsqueeze(1);
        const mask = ends && torch.arange(tokens[number]).unsqueeze(0).lt(ends); // [B,T]
        if (mask) state[`mask.${stream}`] = mask.to("uint8");
        state[`loss.${stream}`] = mask ? weights.mul(mask.unsqueeze(-1)) : weights;
      }
      if (f !== null) Object.assign(state, decided(batch, picks.sites, f, picks.usedIsFirst));
      torch.save(state, file);
    }),
  );
}

/**
 * Decisions of which the share f is for what trains, logits whose arg-max they are, and noise that
 * does not overturn them, by a margin that no step of the optimizer closes.
 */
function decided(batch: number, sites: number, f: number, usedIsFirst: boolean) {
  const count = batch * sites;
  const used = torch
    .randperm(count)
    .lt(Math.round(f * count))
    .view([batch, sites]);
  const decisions = (usedIsFirst ? used.logicalNot() : used).to("int64");
  const picked = torch.oneHot(decisions, 2).to("float32"); // [B,N,2]
  const lead = torch.randn([batch, sites, 1]).abs().mul(0.5).add(0.2);
  const noise = torch.empty([batch, sites, 2]).exponential_().clampMin(0.01);
  const least = noise.amin([-1], true);
  const most = noise.amax([-1], true);
  return {
    decisions,
    logits: torch.randn([batch, sites, 1]).add(picked.mul(lead)),
    exponential: most.add(picked.mul(least.sub(most))),
  };
}
