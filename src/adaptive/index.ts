/**
 * Adaptive finetuning: sites, alternatives, strategies, policies, gates, regularisers and diagnostics.
 *
 * @module adaptune/adaptive
 */
export { type AdaptOptions, adapt } from "./adapt";
export {
  type AdaptableModel,
  AdaptedModel,
  type ForwardOptions,
  type Origin,
  type Told,
} from "./adapted-model";
export type { Alternative, AlternativeContent } from "./alternative";
export * as alternative from "./alternative";
export { biases } from "./biases";
export type { DecisionSpace } from "./decisions";
export * from "./diagnostics";
export type { Execution } from "./execution";
export { type ExportOptions, exportAdapted, type LoadAdaptedOptions, loadAdapted } from "./export";
export * from "./gates";
export { type HeadGroup, headsOf, type InHeads, type InPieces, type RunHeads } from "./heads";
export { LowRankLinear, type LowRankOptions, lowRank } from "./low-rank";
export { type Mask, type MaskByName, maskByName } from "./mask";
export {
  type BlockDropRewardOptions,
  blockDropReward,
  policyGradient,
  type Reward,
  selfCritical,
} from "./objectives";
export * from "./policies";
export * from "./regularisers";
export type { ExecutedRows } from "./routing";
export {
  block,
  component,
  type Finder,
  findSites,
  last,
  numbered,
  type Part,
  type Site,
  segment,
  type Where,
} from "./site";
export * from "./strategies";
export { combine, outsideSites, type PartOptions, type Strategy } from "./strategy";
export { type TrainingParts, trainableLine } from "./weights";
