export { type AdaptOptions, adapt } from "./adapt";
export { type AdaptableModel, AdaptedModel, type ForwardOptions, type Told } from "./adapted-model";
export type { Alternative } from "./alternative";
export * as alternative from "./alternative";
export type { DecisionSpace } from "./decisions";
export { Gate, type GateOptions, type Temperature } from "./gate";
export {
  GivenPolicy,
  type Inputs,
  type Policy,
  PolicyNetwork,
  type PolicyOptions,
} from "./policy";
export { type BudgetOptions, budget } from "./regularisers";
export type { ExecutedRows } from "./routing";
export { block, findSites, type Where } from "./site";
export {
  DecisionStatistics,
  type DecisionSummary,
  type SiteUsage,
  type Spread,
} from "./statistics";
export {
  frozen,
  outsideSites,
  type PartOptions,
  type Strategy,
  type StrategyName,
  spotTuneBlock,
  standard,
  strategies,
  strategyNamed,
} from "./strategy";
export { type TrainingParts, trainableLine } from "./weights";
