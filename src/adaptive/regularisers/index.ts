export { type BudgetOptions, budget } from "./budget";
export { confidence, diversity } from "./entropy";
export { RunningUsage } from "./running-usage";
