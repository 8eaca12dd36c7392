import type { ExecutionContext } from "ava";
import { Buffer, type Module } from "../../../src/nn";
import type { Tensor } from "../../../src/torch";
import * as torch from "../../../src/torch";
import { below, reference, weightedSum } from "../../reference/load";
import { close } from "../support";

export const values = reference("nn-layers");

/** Makes the module of a case, and says how it is called where that is not on the inputs in order. */
export interface Case {
  readonly make: () => Module;
  readonly evaluate?: boolean;
  readonly run?: (module: Module, ...inputs: Tensor[]) => Tensor;
}

export type Cases = Readonly<Record<string, Case | (() => Module)>>;

/** The names of all cases of the reference. */
export function recorded(): Set<string> {
  const outputs = Object.keys(values).filter((name) => name.endsWith(".out"));
  return new Set(outputs.map((name) => name.slice(0, -".out".length)));
}

/** Initial weights, output, all gradients and the buffers after are those of the reference script. */
export function check(t: ExecutionContext, name: string, given: Case | (() => Module)): void {
  const { make, evaluate, run } = typeof given === "function" ? ({ make: given } as Case) : given;
  torch.manualSeed(11);
  const module = make();
  const initial = below(values, `init.${name}`);
  const state = below(values, `${name}.state`);
  t.deepEqual(Object.keys(module.stateDict()).sort(), Object.keys(state).sort(), "state names");
  for (const [weight, expected] of Object.entries(initial)) {
    close(t, module.stateDict()[weight].to("float32"), expected, `initial ${weight}`, 1e-6);
  }
  module.to("float64").train(!evaluate).loadStateDict(state);
  const inputs = inputsOf(name);
  const forward = run ?? ((of: Module, ...tensors: Tensor[]) => of.forward(...tensors) as Tensor);
  const out = forward(module, ...inputs);
  close(t, out, values[`${name}.out`], "out", 1e-9);
  const gradients = below(values, `${name}.grad`);
  if (Object.keys(gradients).length > 0) weightedSum(out).backward();
  for (const [of, expected] of Object.entries(gradients)) {
    const tensor =
      /^\d+$/.test(of) && inputs[Number(of)] ? inputs[Number(of)] : module.stateDict()[of];
    close(t, tensor.grad!, expected, `gradient of ${of}`, 1e-9);
  }
  for (const [of, expected] of Object.entries(below(values, `${name}.after`))) {
    const buffer = module.stateDict()[of];
    t.true(buffer instanceof Buffer, of);
    close(t, buffer, expected, `${of} after`, 1e-9);
  }
}

function inputsOf(name: string): Tensor[] {
  const inputs = Object.entries(below(values, `${name}.in`)).sort(
    ([a], [b]) => Number(a) - Number(b),
  );
  return inputs.map(([number, tensor]) =>
    values[`${name}.grad.${number}`] ? tensor.clone().requiresGrad_() : tensor,
  );
}
