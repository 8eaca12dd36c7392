export {
  DecisionStatistics,
  type DecisionSummary,
  type SiteUsage,
  type Spread,
} from "./statistics";
