import { init, type Linear } from "../../nn";
import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";

/**
 * Where decisions start: `{ alternative: "tuned", probability: 0.95 }` is close to standard
 * finetuning, `frozen` likewise to the pretrained model; without, all alternatives are even.
 */
export interface Start {
  readonly alternative: string;
  readonly probability: number;
}

/** Logits [N,K] whose softmax gives one alternative its probability and the others equal shares. */
export function initialLogits({ sites, alternatives }: DecisionSpace, start?: Start): Tensor {
  const logits = alternatives.map(() => 0);
  if (start) {
    const { alternative, probability } = checkOptions("where a policy starts", start, [
      "alternative",
      "probability",
    ]);
    const chosen = alternatives.indexOf(alternative);
    if (chosen < 0 || !(probability > 0 && probability < 1)) {
      throw new Error(
        `a policy starts at ${alternatives.join(" or ")} with a probability between 0 and 1, not at ${alternative} with ${probability}`,
      );
    }
    logits[chosen] = Math.log((probability * (alternatives.length - 1)) / (1 - probability));
  }
  return torch.tensor(sites.map(() => logits));
}

/** Lets a policy's last layer [.., N*K] start near the initial logits for every input. */
export function startAt(output: Linear, space: DecisionSpace, start?: Start): void {
  const bias = initialLogits(space, start).flatten();
  init.normal_(output.weight, 0, OUTPUT_STD);
  torch.noGrad(() => output.bias!.copy_(bias));
}

/** Small: inputs start near the initial bias. Not zero: the layers below get a gradient at once. */
const OUTPUT_STD = 0.02;
