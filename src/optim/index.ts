export {
  AdamW,
  type AdamWOptions,
  type GroupState,
  type OptimizerState,
  type ParameterGroup,
  type ParameterGroupOptions,
} from "./adamw";
export { type ClipOptions, clipGradNorm_ } from "./clip";
export {
  LRScheduler,
  linearWarmupDecay,
  type Schedulable,
  type Schedule,
  type SchedulerState,
} from "./scheduler";
