import { didYouMean } from "../../torch/nearest";
import type { Strategy } from "../strategy";
import { bitFit } from "./bit-fit";
import { blockDrop } from "./block-drop";
import { blockReplace } from "./block-replace";
import { frozen } from "./frozen";
import { headOnly } from "./head-only";
import { lastK } from "./last-k";
import { layers } from "./layers";
import { lora } from "./lora";
import { spotTune } from "./spot-tune";
import { spotTuneBlock } from "./spot-tune-block";
import { spotTuneRes } from "./spot-tune-res";
import { standard } from "./standard";

/** The strategies by the names that recipes and the command line use. */
export const strategies = {
  SpotTune_Block: spotTuneBlock,
  SpotTune: spotTune,
  SpotTune_Res: spotTuneRes,
  BlockDrop: blockDrop,
  BlockReplace: blockReplace,
  standard,
  frozen,
  "head-only": headOnly,
  "last-k": lastK,
  layers,
  LoRA: lora,
  BitFit: bitFit,
} as const;

export type StrategyName = keyof typeof strategies;

/** The strategy of a name, with its defaults; throws for an unknown one, listing those known. */
export function strategyNamed(name: string): Strategy {
  if (!Object.hasOwn(strategies, name)) {
    const meant = didYouMean(name, Object.keys(strategies));
    throw new Error(
      `unknown strategy "${name}"; known are ${Object.keys(strategies).join(", ")}` +
        (meant ? `: did you mean ${meant}?` : ""),
    );
  }
  return strategies[name as StrategyName]();
}

export type { LastKOptions } from "./last-k";
export type { LayersOptions } from "./layers";
export type { LoraOptions } from "./lora";
export type { SpotTuneOptions } from "./spot-tune-block";
export {
  bitFit,
  blockDrop,
  blockReplace,
  frozen,
  headOnly,
  lastK,
  layers,
  lora,
  spotTune,
  spotTuneBlock,
  spotTuneRes,
  standard,
};
