export type { CounterfactualRate } from "./counterfactuals";
export type { CurriculumOptions } from "./curriculum";
export { type Ask, type Drawn, type Estimator, straightThrough } from "./estimator";
export { type Decided, Gate, type GateDraw, type GateOptions } from "./gate";
export { type GumbelRaoOptions, gumbelRao } from "./gumbel-rao";
export type { EstimatorOptions, TemperatureSchedule } from "./options";
export { type ReinforceOptions, reinforce } from "./reinforce";
export { reinMax } from "./reinmax";
export {
  type Annealing,
  constantTemperature,
  cosineTemperature,
  exponentialTemperature,
  linearTemperature,
  type Temperature,
} from "./temperature";
