import { createHash } from "node:crypto";
import type { ExecutionContext } from "ava";
import {
  type AdaptedModel,
  type AdaptOptions,
  adapt,
  findSites,
  type Inputs,
} from "../../src/adaptive";
import type { Module } from "../../src/nn";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import type { ModelCase, StrategyCase } from "./cases";

/** A pretrained model, an adapted one of it, a batch and the gate's noise, in one precision. */
export interface Setting {
  readonly pretrained: ReturnType<ModelCase["make"]>;
  readonly adapted: AdaptedModel;
  readonly inputs: Inputs;
  readonly noise: Tensor;
}

export const BATCH = 6;

/** Makes a setting; `moved` lets all weights that train leave the pretrained ones. */
export function setting(
  model: ModelCase,
  { strategy }: StrategyCase,
  options: AdaptOptions & { moved?: boolean; dtype?: DType } = {},
): Setting {
  const { moved = true, dtype = "float64", ...adaptOptions } = options;
  torch.manualSeed(7);
  const plan = strategy(model);
  const pretrained = model.make().to(dtype);
  const policy =
    adaptOptions.policy ?? model.policy(plan, findSites(pretrained, plan.where!).length);
  const adapted = adapt(pretrained, plan, { ...adaptOptions, policy }).to(dtype) as AdaptedModel;
  if (moved) move(adapted);
  const inputs = cast(model.inputs(BATCH), dtype);
  const { sites, alternatives } = adapted.space;
  const noise = torch.empty([BATCH, sites.length, alternatives.length], { dtype }).exponential_();
  return { pretrained, adapted, inputs, noise };
}

/** Adds noise to what trains; more to the policy's last layer, so that decisions differ. */
export function move(module: Module): void {
  torch.noGrad(() => {
    for (const [name, parameter] of module.namedParameters()) {
      if (!parameter.requiresGrad) continue;
      const step = name.startsWith("policy.output") ? 1 : 0.05;
      parameter.add_(torch.randnLike(parameter).mul(step));
    }
  });
}

/** What a model gave by name, and the gate, but for what an adapted one tells beside. */
export function outputsOf(outputs: Readonly<Record<string, unknown>>): [string, Tensor][] {
  const told = new Set(["decisions", "probabilities", "flops"]);
  return Object.entries(outputs).filter(
    (output): output is [string, Tensor] =>
      !told.has(output[0]) && (output[1] as Tensor | undefined)?.isFloatingPoint() === true,
  );
}

/** A scalar that every output depends on, summed over inputs; the same for equal shapes. */
export function lossOf(outputs: Readonly<Record<string, unknown>>): Tensor {
  const terms = outputsOf(outputs).map(([, output]) =>
    output.sin().mul(fixedWeights(output)).sum(),
  );
  return terms.reduce((sum, term) => sum.add(term));
}

/** Weights of an output's shape [B, ...], alike for every input. */
function fixedWeights(output: Tensor): Tensor {
  const shape = output.shape.slice(1);
  const count = shape.reduce((product, size) => product * size, 1);
  const ramp = torch.arange(count, { dtype: output.dtype }).mul(0.7).cos();
  return ramp.view([1, ...shape]);
}

/** The largest difference, relative to the largest value where that is above 1. */
export function distance(actual: Tensor, expected: Tensor): number {
  const scale = Math.max(1, expected.abs().max().item());
  return actual.sub(expected).abs().max().item() / scale;
}

/** Asserts that two models gave the same, the gate aside. */
export function sameOutputs(
  t: ExecutionContext,
  actual: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
  tolerance: number,
  what = "",
): void {
  const wanted = outputsOf(expected).filter(([name]) => name !== "gate");
  t.true(wanted.length > 0);
  for (const [name, output] of wanted) {
    close(t, actual[name] as Tensor, output, tolerance, `${what} ${name}`);
  }
}

/** Asserts equality to a tolerance; a gradient that never arrived is zero. */
export function close(
  t: ExecutionContext,
  actual: Tensor | null,
  expected: Tensor | null,
  tolerance: number,
  what: string,
): void {
  const zeros = (actual ?? expected ?? torch.zeros([1])).zerosLike();
  const off = distance(actual ?? zeros, expected ?? zeros);
  t.true(off <= tolerance, `${what} is off by ${off}`);
}

/** SHA-256 of the bytes of weights, names included. */
export function hashOf(weights: Iterable<[string, Tensor]>): string {
  const hash = createHash("sha256");
  for (const [name, weight] of weights) {
    const values = weight.detach().toTypedArray();
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}

/** Some of the inputs, in the order of the row numbers. */
export function rowsOf(inputs: Inputs, rows: readonly number[]): Inputs {
  const index = torch.tensor([...rows], { dtype: "int64" });
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, input?.indexSelect(0, index)]),
  );
}

/** Floating-point inputs in another precision. */
export function cast(inputs: Inputs, dtype: DType): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [
      name,
      input?.isFloatingPoint() ? input.to(dtype) : input,
    ]),
  );
}
