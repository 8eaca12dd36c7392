export {
  type ControlName,
  type Controls,
  DecisionRecord,
  type DecisionsOf,
  type Diagnostics,
  measureControls,
} from "./controls";
export { decisionLine } from "./line";
export { majorityMask } from "./majority";
export {
  DecisionStatistics,
  type DecisionSummary,
  type SiteUsage,
  type Spread,
} from "./statistics";
