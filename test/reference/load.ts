import { join } from "node:path";
import type { Module } from "../../src/nn";
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

/**
 * The largest difference of gradients, each relative to the largest entry of its tensor. Entries of
 * a tensor all below a thousandth of the largest gradient are measured against that: of a key's
 * bias, whose gradient is zero but for rounding, nothing else could be said.
 */
export function gradientDistance(
  actual: Readonly<Record<string, Tensor | null>>,
  expected: Readonly<Record<string, Tensor>>,
): { name: string; off: number } {
  const peak = (tensor: Tensor) => Number(tensor.abs().max().item());
  const floor = Math.max(...Object.values(expected).map(peak)) / 1000;
  let worst = { name: "", off: 0 };
  for (const [name, gradient] of Object.entries(actual)) {
    const wanted = expected[name];
    const off = wanted
      ? peak(gradient!.to("float64").sub(wanted)) / Math.max(floor, peak(wanted))
      : gradient
        ? peak(gradient) / floor
        : 0;
    if (!(off <= worst.off)) worst = { name, off };
  }
  return worst;
}

/** The gradients of a module's parameters by their names. */
export function gradientsOf(module: Module): Record<string, Tensor | null> {
  return Object.fromEntries(module.namedParameters().map(([name, { grad }]) => [name, grad]));
}
