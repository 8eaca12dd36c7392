export { backward, type GradOptions, grad } from "./autograd";
export { detectAnomaly, isAnomalyEnabled } from "./autograd-anomaly";
export {
  AutogradFunction as Function,
  FunctionContext,
  type FunctionResult,
  type Gradient,
} from "./autograd-function";
export {
  GradcheckError,
  type GradcheckOptions,
  gradcheck,
  gradgradcheck,
} from "./autograd-gradcheck";
export type { GradientHook, RemovableHandle } from "./autograd-hooks";
export { savedTensorsHooks } from "./autograd-saved";
