import { join } from "node:path";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, reference } from "../reference/load";

/** What a script of the reference computed for a model of transformers. */
export function encoderReference(name: "bert-model" | "vit") {
  const values = reference(name);
  const file = join(__dirname, "..", "reference", `${name}.safetensors`);
  return {
    values,
    weights: below(values, "weight"),
    /** The config.json as transformers wrote it. */
    config: JSON.parse(torch.loadMetadata(file).config) as Record<string, unknown>,
    inputs: (dtype: DType = "float32"): Record<string, Tensor> =>
      Object.fromEntries(
        Object.entries(below(values, "input")).map(([key, tensor]): [string, Tensor] => [
          key,
          tensor.isFloatingPoint() ? tensor.to(dtype) : tensor.clone(),
        ]),
      ),
  };
}
