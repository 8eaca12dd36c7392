import { join } from "node:path";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/** Reference values of a script beside this file, by name. */
export function reference(name: string): Record<string, Tensor> {
  return torch.load(join(__dirname, `${name}.safetensors`));
}

/** The entries below a prefix, without it. */
export function below(state: Readonly<Record<string, Tensor>>, prefix: string) {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => name.startsWith(start))
      .map(([name, tensor]): [string, Tensor] => [name.slice(start.length), tensor]),
  );
}

/** The scalar that the reference scripts differentiate: sum(out * cos(0.7 n)) over the elements n. */
export function weightedSum(out: Tensor): Tensor {
  const weights = torch.arange(out.numel(), { dtype: out.dtype }).mul(0.7).cos();
  return out.mul(weights.view(out.shape)).sum();
}

/** The largest difference, relative to the largest value where that is above 1. */
export function distance(actual: Tensor, expected: Tensor): number {
  const wide = expected.to("float64");
  const scale = Math.max(1, Number(wide.abs().max().item()));
  return Number(actual.to("float64").sub(wide).abs().max().item()) / scale;
}
