/**
 * Optimizers, schedules of learning rates, and clipping of gradients, with PyTorch's names and defaults.
 *
 * @module adaptune/optim
 */
export {
  Adam,
  type AdamNumbers,
  type AdamOptions,
  type AdamOptions as AdamWOptions,
  AdamW,
  type StepOnDevice,
} from "./adam";
export { type ClipOptions, clipGradNorm_ } from "./clip";
export {
  CosineAnnealingLR,
  type CosineAnnealingOptions,
  CosineAnnealingWarmRestarts,
  type WarmRestartsOptions,
} from "./cosine";
export {
  ConstantLR,
  type ConstantOptions,
  ExponentialLR,
  type GammaOptions,
  LinearLR,
  type LinearOptions,
  MultiStepLR,
  PolynomialLR,
  type PolynomialOptions,
  StepLR,
} from "./decays";
export type {
  GroupState,
  OptimizerState,
  ParameterGroup,
  ParameterGroupOptions,
} from "./groups";
export type { MasterOptions } from "./masters";
export { OneCycleLR, type OneCycleOptions } from "./one-cycle";
export { Optimizer } from "./optimizer";
export { type PlateauOptions, type PlateauState, ReduceLROnPlateau } from "./plateau";
export { fromPyTorchState, type PyTorchState, toPyTorchState } from "./pytorch-state";
export {
  type Rate,
  RateScheduler,
  type Schedulable,
  type ScheduledGroup,
  type SchedulerState,
} from "./rate-scheduler";
export { RMSprop, type RMSpropNumbers, type RMSpropOptions } from "./rmsprop";
export { LambdaLR, LRScheduler, linearWarmupDecay, type Schedule } from "./scheduler";
export { SequentialLR } from "./sequential";
export { SGD, type SGDNumbers, type SGDOptions } from "./sgd";
