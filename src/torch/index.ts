import "./attach";
import "./operators";

export {
  enableGrad,
  type GradOptions,
  grad,
  inferenceMode,
  isGradEnabled,
  noGrad,
} from "./autograd";
export { type TensorData, type TensorOptions, tensor } from "./creation";
export { ops } from "./dispatch";
export type { Device, DType, Layout, MemoryFormat, Reduction, Scalar } from "./dtype";
export { TorchError } from "./errors";
export * from "./generated/functions";
export { type Index, Slice, slice } from "./indexing";
export { load, loadMetadata, type SaveOptions, save } from "./io";
export { type MatrixProducts, matrixProducts } from "./matrix-products";
export {
  assertNoLeaks,
  keep,
  type MemoryGroup,
  type MemoryReport,
  memory,
  scope,
} from "./memory";
export type { TypedArray } from "./native";
export { getRngState, manualSeed, setRngState } from "./random";
export { buildInfo, cuda, getNumThreads, setNumThreads, version } from "./system";
export { type BackwardOptions, type NestedArray, Tensor, type ToOptions } from "./tensor";
