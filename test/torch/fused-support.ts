import type { ExecutionContext } from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

export const { gumbel_gate, route_blend } = torch.ops.adaptune as unknown as {
  gumbel_gate(
    logits: Tensor,
    temperature: number,
    options: { sample: boolean; exponential?: Tensor | null },
  ): [gate: Tensor, choice: Tensor];
  route_blend(
    gate: Tensor,
    winners: Tensor[],
    losers: Tensor[],
    choice: number[],
    options?: { lengths?: number[]; compared?: number[] },
  ): Tensor;
};

export const float64 = { dtype: "float64" } as const;
export const int64 = (values: number[]) => torch.tensor(values, { dtype: "int64" });
export const draw = (...shape: number[]) => torch.randn(shape, float64);
export const noise = (...shape: number[]) =>
  torch.rand(shape, float64).add(0.01).log().neg().add(0.01);

/** The gate of the definition, differentiated by autograd: one-hot + softmax - softmax.detach(). */
export function plainGate(logits: Tensor, temperature: number, exponential?: Tensor) {
  const perturbed = exponential ? logits.sub(exponential.log()) : logits;
  const soft = perturbed.div(temperature).softmax(-1);
  const choice = perturbed.argmax(-1);
  const hard = torch.oneHot(choice, logits.shape.at(-1)!).to(logits.dtype);
  return { gate: hard.add(soft.sub(soft.detach())), soft, choice };
}

export const refused = (t: ExecutionContext, what: string, call: () => unknown) => {
  const error = t.throws(() => void call(), { any: true }, what) as unknown as Error;
  t.true(error instanceof torch.TorchError || error instanceof TypeError, `${what}: ${error}`);
  t.regex(error.message, /gumbel_gate|route_blend/, what);
};
