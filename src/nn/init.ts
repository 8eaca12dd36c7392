import type { Tensor } from "../torch";
import * as torch from "../torch";

/** Whether weights are left as memory has them: like the gradient mode, it is dynamic. */
let skipping = false;

/**
 * Runs a synchronous function in which all that fills weights here does nothing: for models whose
 * weights are read right after, as drawing hundreds of millions of numbers takes seconds.
 */
export function skip<T>(make: () => T): T {
  const outer = skipping;
  skipping = true;
  try {
    return make();
  } finally {
    skipping = outer;
  }
}

/** Fills with draws from N(mean, std^2). */
export function normal_(tensor: Tensor, mean = 0, std = 1): Tensor {
  if (skipping) return tensor;
  return torch.noGrad(() => tensor.normal_(mean, std));
}

/** Fills with draws from U(from, to). */
export function uniform_(tensor: Tensor, from = 0, to = 1): Tensor {
  if (skipping) return tensor;
  return torch.noGrad(() => tensor.uniform_(from, to));
}

/**
 * Fills with draws from N(mean, std^2) within [a, b], drawing anew what falls outside.
 * Throws where the mean is more than two std away from the interval, which would take forever.
 */
export function truncNormal_(tensor: Tensor, mean = 0, std = 1, a = -2, b = 2): Tensor {
  if (!(a < b && mean >= a - 2 * std && mean <= b + 2 * std)) {
    throw new RangeError(`hardly any draw from N(${mean}, ${std}^2) is within ${a} and ${b}`);
  }
  if (skipping) return tensor;
  torch.noGrad(() => tensor.normal_(mean, std));
  while (torch.scope(() => redraw(tensor, mean, std, a, b))) {}
  return tensor;
}

/** Replaces what is outside [a, b] by new draws; whether there was anything. */
function redraw(tensor: Tensor, mean: number, std: number, a: number, b: number): boolean {
  return torch.noGrad(() => {
    const outside = tensor.lt(a).logicalOr(tensor.gt(b));
    if (!outside.any().item()) return false;
    const drawn = torch.emptyLike(tensor).normal_(mean, std);
    tensor.copy_(torch.where(outside, drawn, tensor));
    return true;
  });
}

/** Fills with a value. */
export function constant_(tensor: Tensor, value: number): Tensor {
  if (skipping) return tensor;
  return torch.noGrad(() => tensor.fill_(value));
}

/** Fills with zeros. */
export function zeros_(tensor: Tensor): Tensor {
  return constant_(tensor, 0);
}

/** Fills with ones. */
export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

/** U(-r, r) with r = gain sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010). */
export function xavierUniform_(tensor: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans(tensor);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform_(tensor, -bound, bound);
}

/** U(-r, r) with r = sqrt(6 / ((1 + a^2) fan in)) for a leaky ReLU of slope a (He et al., 2015). */
export function kaimingUniform_(tensor: Tensor, a = 0): Tensor {
  const bound = Math.sqrt(6 / ((1 + a * a) * fans(tensor).fanIn));
  return uniform_(tensor, -bound, bound);
}

/** N(0, s^2) with s = gain sqrt(2 / (fan in + fan out)) (Glorot and Bengio, 2010). */
export function xavierNormal_(tensor: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans(tensor);
  return normal_(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)));
}

/** N(0, s^2) with s = sqrt(2 / ((1 + a^2) fan)) for a leaky ReLU of slope a (He et al., 2015). */
export function kaimingNormal_(tensor: Tensor, a = 0, mode: "fanIn" | "fanOut" = "fanIn"): Tensor {
  return normal_(tensor, 0, Math.sqrt(2 / ((1 + a * a) * fans(tensor)[mode])));
}

/**
 * Orthonormal rows, or columns where there are more rows, times a gain (Saxe et al. 2013, arXiv
 * 1312.6120); dimensions after the first count as one.
 */
export function orthogonal_(tensor: Tensor, gain = 1): Tensor {
  if (skipping) return tensor;
  if (tensor.ndim < 2) {
    throw new Error(`an orthogonal weight needs two dimensions or more, given [${tensor.shape}]`);
  }
  return torch.noGrad(() => {
    torch.scope(() => {
      const rows = tensor.shape[0];
      const flat = torch.emptyLike(tensor).reshape([rows, -1]).normal_();
      const isWide = rows < flat.shape[1];
      const [q, r] = torch.linalgQr(isWide ? flat.t() : flat);
      const signed = q.mul(torch.diag(r).sign()); // so that the draw is uniform (Mezzadri 2006)
      tensor.copy_((isWide ? signed.t() : signed).reshape(tensor.shape)).mul_(gain);
    });
    return tensor;
  });
}

/** How many inputs and outputs a weight [out, in, ...] connects; throws below two dimensions. */
export function fans({ shape }: Tensor): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw new Error(`fan in and fan out need two dimensions or more, given [${shape.join(", ")}]`);
  }
  const receptive = shape.slice(2).reduce((product, size) => product * size, 1);
  return { fanIn: shape[1] * receptive, fanOut: shape[0] * receptive };
}
