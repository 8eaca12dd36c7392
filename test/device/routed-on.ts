import * as torch from "../../src/torch";
import type { ModelCase, StrategyCase } from "../adaptive/cases";
import { outputsOf, setting } from "../adaptive/support";

/** The outputs and gradients of a forward in training at a given noise, on a device, to the CPU. */
export function routedOn(device: string, model: ModelCase, strategy: StrategyCase) {
  const { adapted, inputs, noise } = setting(model, strategy, { dtype: "float32" });
  const on = (tensor: torch.Tensor) => tensor.to(device);
  adapted.to(device);
  const moved = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, on(tensor as torch.Tensor)]),
  );
  const outputs = adapted.train().forward(moved, { exponential: on(noise) });
  const given = outputsOf(outputs);
  given
    .map(([, output]) => output.sin().sum())
    .reduce((sum, term) => sum.add(term))
    .backward();
  const gradients = adapted
    .namedParameters()
    .flatMap(([name, { grad }]) => (grad ? [[`gradient of ${name}`, grad] as const] : []));
  adapted.eval();
  const evaluated = torch.noGrad(() => adapted.forward(moved));
  return {
    decisions: outputs.decisions!.cpu().toArray(),
    tensors: new Map(
      [...given, ...gradients, ["evaluation", evaluated.logits] as const].map(([name, tensor]) => [
        name,
        tensor.detach().cpu(),
      ]),
    ),
  };
}
