import type { Module } from "../../src/nn";
import type * as Torch from "../../src/torch";
import type { Tensor } from "../../src/torch";

/** The weights of test/reference/examples.py: a wave over the elements, scaled by what the name says. */
export function formula(torch: typeof Torch, name: string, shape: readonly number[]): Tensor {
  const letters = [...name].map((letter) => letter.charCodeAt(0));
  const seed = letters.reduce((sum, code, n) => sum + (n + 1) * code, 0) % 1009;
  const size = (sizes: readonly number[]) => sizes.reduce((product, each) => product * each, 1);
  const places = torch.arange(size(shape), { dtype: "float64" });
  const wave = places
    .mul(0.37)
    .add(seed)
    .sin()
    .view([...shape]);
  if (name.endsWith("running_var")) return wave.mul(0.5).add(1);
  if (shape.length > 1) return wave.mul(Math.sqrt(6 / size(shape.slice(1))));
  return wave.mul(0.2).add(name.endsWith("weight") ? 1 : 0);
}

/** Fills all floating-point weights and buffers of a module. */
export function fill(torch: typeof Torch, module: Module): void {
  torch.noGrad(() => {
    for (const [name, tensor] of Object.entries(module.stateDict())) {
      if (tensor.isFloatingPoint()) tensor.copy_(formula(torch, name, tensor.shape));
    }
  });
}
