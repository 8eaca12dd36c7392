import type { Tensor } from "../torch";
import * as torch from "../torch";

export interface ClipOptions {
  /** Whether a norm that is infinite or not a number is an error; it is not by default. */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales the gradients together, in place, so that their common 2-norm is at most `max`, and gives
 * the norm before. Parameters without a gradient are left out.
 *
 * @throws Error when the norm is not finite and that was asked for; the gradients are untouched then.
 */
export function clipGradNorm_(
  params: Iterable<Tensor>,
  max: number,
  { errorIfNonfinite = false }: ClipOptions = {},
): number {
  return torch.noGrad(() =>
    torch.scope(() => {
      const gradients = [...params].flatMap(({ grad }) => grad ?? []);
      if (gradients.length === 0) return 0;
      const norm = commonNorm(gradients);
      if (errorIfNonfinite && !Number.isFinite(norm)) {
        throw new Error(`the gradients' norm is ${norm}: they cannot be clipped to ${max}`);
      }
      const scale = max / (norm + 1e-6);
      // As in PyTorch a norm that is no number reaches every gradient.
      if (!(scale >= 1)) torch.ops.aten._foreach_mul_(gradients, scale);
      return norm;
    }),
  );
}

function commonNorm(gradients: readonly Tensor[]): number {
  const { device } = gradients[0];
  const norms = torch.ops.aten._foreach_norm([...gradients]) as Tensor[];
  return Number(torch.linalgVectorNorm(torch.stack(norms.map((norm) => norm.to(device)))).item());
}
