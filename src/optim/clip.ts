import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { isHalf } from "./masters";

/** Options of `clipGradNorm_`. */
export interface ClipOptions {
  /** Whether a norm that is infinite or not a number is an error, which waits for the device; it is not by default. */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales the gradients together, in place, so that their common 2-norm is at most `max`, and gives
 * the norm before: a scalar, on the device of the first gradient, which nobody waits for. Parameters
 * without a gradient are left out.
 *
 * @throws Error when the norm is not finite and that was asked for; the gradients are untouched then.
 */
export function clipGradNorm_(
  params: Iterable<Tensor>,
  max: number,
  options: ClipOptions = {},
): Tensor {
  const { errorIfNonfinite = false } = checkOptions("clipGradNorm_", options, ["errorIfNonfinite"]);
  return torch.noGrad(() =>
    torch.scope(() => {
      const all = [...params];
      const gradients = all.flatMap(({ grad }) => grad ?? []);
      if (gradients.length === 0) return torch.zeros([], { device: all[0]?.device ?? "cpu" });
      const kinds = alike(gradients);
      const norm = commonNorm(kinds);
      if (errorIfNonfinite && !Number.isFinite(Number(norm.item()))) {
        throw new Error(`the gradients' norm is ${norm.item()}: they cannot be clipped to ${max}`);
      }
      // As in PyTorch a norm that is no number reaches every gradient.
      const scale = norm.add(1e-6).reciprocal().mul(max).clampMax(1);
      if (scale.device === "cpu" && scale.item() === 1) return norm; // reading this waits for nothing
      for (const kind of kinds) {
        const { device, dtype } = kind[0];
        torch.ops.aten._foreach_mul_(kind, scale.to({ device, dtype }));
      }
      return norm;
    }),
  );
}

/** Norms of half-precision gradients are single: their squares have no room in less. */
function commonNorm(kinds: readonly Tensor[][]): Tensor {
  const { device } = kinds[0][0];
  const norms = kinds.flatMap((kind) =>
    torch.ops.aten._foreach_norm(kind, 2, isHalf(kind[0]) ? "float32" : null),
  ) as Tensor[];
  return torch.linalgVectorNorm(torch.stack(norms.map((norm) => norm.to(device))));
}

/** The gradients by device and dtype, as operators on lists take them. */
function alike(gradients: readonly Tensor[]): Tensor[][] {
  const kinds = new Map<string, Tensor[]>();
  for (const gradient of gradients) {
    const kind = `${gradient.device} ${gradient.dtype}`;
    if (!kinds.has(kind)) kinds.set(kind, []);
    kinds.get(kind)!.push(gradient);
  }
  return [...kinds.values()];
}
