/**
 * Tensors, operators, autograd, memory, files and devices: LibTorch under PyTorch's names in camelCase.
 *
 * Operators are generated from the schemas of the installed LibTorch, as functions and as methods of
 * `Tensor`; they are not repeated here: [the page of operators](../../docs/operators.md) lists all of them
 * with their types.
 *
 * @module adaptune/torch
 */
import "./attach";
import "./autograd-hooks";
import "./operators";
import "./properties";

export {
  type AutocastDevice,
  type AutocastOptions,
  autocast,
  getAutocastDtype,
  isAutocastEnabled,
} from "./amp-autocast";
export {
  GradScaler,
  type GradScalerOptions,
  type GradScalerState,
  type ScalableOptimizer,
} from "./amp-grad-scaler";
export {
  enableGrad,
  type GradOptions,
  grad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from "./autograd";
export * as autograd from "./autograd-index";
export {
  CheckpointError,
  type CheckpointOptions,
  checkpoint,
  checkpointSequential,
} from "./checkpoint";
export { type TensorData, type TensorOptions, tensor } from "./creation";
export * as cuda from "./cuda";
export {
  areDeterministicAlgorithmsEnabled,
  type Float32MatmulPrecision,
  getFloat32MatmulPrecision,
  getNumInteropThreads,
  isDeterministicAlgorithmsWarnOnlyEnabled,
  setFloat32MatmulPrecision,
  setNumInteropThreads,
  useDeterministicAlgorithms,
} from "./determinism";
export { ops } from "./dispatch";
export type { Complex, Device, DType, Layout, MemoryFormat, Reduction, Scalar } from "./dtype";
export { TorchError } from "./errors";
export { type ExplainedCall, explain } from "./explain";
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastTensors,
  cartesianProd,
  chainMatmul,
  type EinsumOptions,
  einsum,
  type MeshgridOptions,
  meshgrid,
  type Stft,
  type StftOptions,
  type Subscripts,
  stft,
} from "./functional";
export {
  type ComputeMode,
  type ContractedDims,
  cdist,
  type LuOptions,
  lu,
  type NormalizeOptions,
  type NormOptions,
  type NormOrder,
  norm,
  normalize,
  type PcaLowrankOptions,
  pcaLowrank,
  type SvdLowrankOptions,
  svdLowrank,
  tensordot,
} from "./functional-linear";
export * from "./generated/functions";
export { type IndexPutOptions, indexPut, indexPut_ } from "./index-put";
export { type Index, type IndexArray, Slice, slice } from "./indexing";
export { CompiledModel, type InductorLoadOptions, inductor } from "./inductor";
export {
  type Format,
  type LoadOptions,
  load,
  loadMetadata,
  loadObject,
  type Saved,
  type SaveOptions,
  save,
} from "./io";
export { type JitLoadOptions, jit, ScriptModule, type ScriptValue } from "./jit";
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
export { type FloatInfo, finfo, type IntegerInfo, iinfo } from "./numeric-limits";
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from "./random";
export { broadcastShapes, isTensor, unravelIndex } from "./shapes";
export { receive, type SharedTensor, type ShareOptions, share, unshare } from "./share";
export { type FrombufferOptions, frombuffer, type Memory } from "./shared-memory";
export { buildInfo, getNumThreads, setNumThreads, version } from "./system";
export { type BackwardOptions, type NestedArray, Tensor, type ToOptions } from "./tensor";
export { checkThreads, maximalThreads } from "./threads";
export {
  type Unique,
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  unique,
  uniqueConsecutive,
} from "./unique";
