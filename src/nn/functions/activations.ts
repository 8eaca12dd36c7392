import type { DType, Tensor } from "../../torch";
import * as torch from "../../torch";
import { type Named, named } from "./named";

// The activations of torch.nn.functional that are more than the operator of their name: those that also write
// over their input, and those with a default of their own.

/** Options of activations without numbers. */
export interface InPlace {
  /** Whether the input is written over; false by default. */
  readonly inplace?: boolean;
}

type Simple = (x: Tensor, ...args: Named<["inplace"], InPlace>) => Tensor;

function simple(what: string, fresh: (x: Tensor) => Tensor, over: (x: Tensor) => Tensor): Simple {
  return (x, ...args) =>
    named<InPlace>(what, "inplace", args, { x }).inplace === true ? over(x) : fresh(x);
}

/** max(0, x) */
export const relu = simple("relu", torch.relu, torch.relu_);
/** min(max(0, x), 6) */
export const relu6 = simple("relu6", torch.relu6, torch.relu6_);
/** Klambauer et al. 2017, arXiv 1706.02515. */
export const selu = simple("selu", torch.selu, torch.selu_);
/** x sigmoid(x) */
export const silu = simple("silu", torch.silu, torch.silu_);
/** x tanh(softplus(x)) */
export const mish = simple("mish", torch.mish, torch.mish_);
/** relu6(x + 3) / 6 */
export const hardsigmoid = simple("hardsigmoid", torch.hardsigmoid, torch.hardsigmoid_);
/** x relu6(x + 3) / 6 */
export const hardswish = simple("hardswish", torch.hardswish, torch.hardswish_);

/** Options of `elu` and `celu`. */
export interface AlphaOptions extends InPlace {
  /** Minus the limit on the left; 1 by default. */
  readonly alpha?: number;
}

/** x above 0, alpha (e^x - 1) below. */
export function elu(x: Tensor, ...args: Named<["alpha", "inplace"], AlphaOptions>): Tensor {
  const { alpha = 1, inplace = false } = named<AlphaOptions>("elu", "alpha inplace", args, { x });
  return inplace ? torch.elu_(x, alpha) : torch.elu(x, alpha);
}

/** x above 0, alpha (e^(x / alpha) - 1) below. */
export function celu(x: Tensor, ...args: Named<["alpha", "inplace"], AlphaOptions>): Tensor {
  const { alpha = 1, inplace = false } = named<AlphaOptions>("celu", "alpha inplace", args, { x });
  return inplace ? torch.celu_(x, alpha) : torch.celu(x, alpha);
}

/** Options of `leakyRelu`. */
export interface LeakyReluOptions extends InPlace {
  /** The slope on the left; 0.01 by default. */
  readonly negativeSlope?: number;
}

/** x above 0, negativeSlope x below. */
export function leakyRelu(
  x: Tensor,
  ...args: Named<["negativeSlope", "inplace"], LeakyReluOptions>
): Tensor {
  const names = "negativeSlope inplace";
  const { negativeSlope = 0.01, inplace } = named<LeakyReluOptions>("leakyRelu", names, args, {
    x,
  });
  return inplace ? torch.leakyRelu_(x, negativeSlope) : torch.leakyRelu(x, negativeSlope);
}

/** Options of `hardtanh`. */
export interface HardtanhOptions extends InPlace {
  /** -1 by default. */
  readonly minVal?: number;
  /** 1 by default. */
  readonly maxVal?: number;
}

/** min(max(x, minVal), maxVal). Throws RangeError where minVal is above maxVal. */
export function hardtanh(
  x: Tensor,
  ...args: Named<["minVal", "maxVal", "inplace"], HardtanhOptions>
): Tensor {
  const names = "minVal maxVal inplace";
  const {
    minVal = -1,
    maxVal = 1,
    inplace,
  } = named<HardtanhOptions>("hardtanh", names, args, { x });
  if (minVal > maxVal) throw new RangeError(`hardtanh: minVal ${minVal} is above maxVal ${maxVal}`);
  return inplace ? torch.hardtanh_(x, minVal, maxVal) : torch.hardtanh(x, minVal, maxVal);
}

/** x above the threshold, the value elsewhere. */
export function threshold(
  x: Tensor,
  least: number,
  value: number,
  ...args: Named<["inplace"], InPlace>
): Tensor {
  const { inplace } = named<InPlace>("threshold", "inplace", args, { x });
  return inplace ? torch.threshold_(x, least, value) : torch.threshold(x, least, value);
}

/** Options of `rrelu`. */
export interface RreluOptions extends InPlace {
  /** 1/8 by default. */
  readonly lower?: number;
  /** 1/3 by default. */
  readonly upper?: number;
  /** Whether slopes are drawn; false by default. */
  readonly training?: boolean;
}

/** x above 0, a slope of lower to upper below, drawn in training and their mean otherwise. */
export function rrelu(
  x: Tensor,
  ...args: Named<["lower", "upper", "training", "inplace"], RreluOptions>
): Tensor {
  const names = "lower upper training inplace";
  const given = named<RreluOptions>("rrelu", names, args, { x });
  const { lower = 1 / 8, upper = 1 / 3, training = false, inplace = false } = given;
  const run = inplace ? torch.rrelu_ : torch.rrelu;
  return run(x, lower, upper, training);
}

/** The first half of a dimension times the sigmoid of the second. Throws RangeError without dimensions. */
export function glu(x: Tensor, ...args: Named<["dim"], { readonly dim?: number }>): Tensor {
  const { dim = -1 } = named<{ dim?: number }>("glu", "dim", args, { x });
  if (x.ndim === 0) throw new RangeError("glu: a tensor without dimensions has no halves");
  return torch.glu(x, dim);
}

/** x - tanh(x) */
export function tanhshrink(x: Tensor): Tensor {
  return torch.scope(() => x.sub(x.tanh()));
}

/** x / (1 + |x|) */
export function softsign(x: Tensor): Tensor {
  return torch.scope(() => x.div(x.abs().add(1)));
}

/** log sigmoid(x) */
export const logsigmoid = torch.logSigmoid;

/** Options of `softmax`, `logSoftmax` and `softmin`. */
export interface SoftmaxOptions {
  /** Along which dimension; null takes the first of 0, 1 or 3 dimensions and else the second. */
  readonly dim?: number | null;
  /** What the input is converted to first. */
  readonly dtype?: DType | null;
}

type SoftmaxArguments = Named<["dim", "dtype"], SoftmaxOptions>;

/** e^x of which all along a dimension sum to 1. */
export function softmax(x: Tensor, ...args: SoftmaxArguments): Tensor {
  const { dim, dtype } = named<SoftmaxOptions>("softmax", "dim dtype", args, { x });
  return torch.softmax(x, dim ?? implicitDim(x), dtype);
}

/** Logarithms of `softmax`. */
export function logSoftmax(x: Tensor, ...args: SoftmaxArguments): Tensor {
  const { dim, dtype } = named<SoftmaxOptions>("logSoftmax", "dim dtype", args, { x });
  return torch.logSoftmax(x, dim ?? implicitDim(x), dtype);
}

/** `softmax` of -x. */
export function softmin(x: Tensor, ...args: SoftmaxArguments): Tensor {
  const { dim, dtype } = named<SoftmaxOptions>("softmin", "dim dtype", args, { x });
  return torch.scope(() => torch.softmax(x.neg(), dim ?? implicitDim(x), dtype));
}

function implicitDim({ ndim }: Tensor): number {
  return ndim === 0 || ndim === 1 || ndim === 3 ? 0 : 1;
}

/** Options of `gumbelSoftmax`. */
export interface GumbelSoftmaxOptions {
  /** The temperature; 1 by default. */
  readonly tau?: number;
  /** Whether values are one-hot, with the gradient of those that are not; false by default. */
  readonly hard?: boolean;
  /** Along which dimension; -1 by default. */
  readonly dim?: number;
}

/** Samples of the Gumbel-Softmax distribution (Jang, Gu & Poole, 2017), PyTorch's for the same seed. */
export function gumbelSoftmax(
  logits: Tensor,
  ...args: Named<["tau", "hard", "dim"], GumbelSoftmaxOptions>
): Tensor {
  const names = "tau hard dim";
  const given = named<GumbelSoftmaxOptions>("gumbelSoftmax", names, args, { logits });
  const { tau = 1, hard = false, dim = -1 } = given;
  return torch.scope(() => {
    const drawn = torch.emptyLike(logits, { memoryFormat: "contiguous_format" });
    const soft = logits.sub(drawn.exponential_().log()).div(tau).softmax(dim);
    if (!hard) return soft;
    const [, index] = soft.max(dim, true);
    return soft.zerosLike().scatter(dim, index, 1).sub(soft.detach()).add(soft);
  });
}
