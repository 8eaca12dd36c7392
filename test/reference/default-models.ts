import { join } from "node:path";
import { Model } from "../../src/models";
import { withoutPacking } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, distance, gradientDistance, gradientsOf, weightedSum } from "./load";

// The second half of default_models.py, which says how to run it.
const [, , folder] = process.argv;
const values = torch.load(join(folder, "values.safetensors"));
const model: Model = Model.fromPretrained<Model>(folder).eval();
// Transformers computes padding too, where nothing reads it.
const outputs = withoutPacking(() => model.forward(below(values, "input"))) as Record<
  string,
  Tensor
>;
const expected = below(values, "out");
for (const [name, tensor] of Object.entries(expected)) {
  console.log(
    `${name} [${tensor.shape}]: off by ${distance(outputs[name], tensor).toExponential(2)}`,
  );
}
const sums = Object.keys(expected).map((name) => weightedSum(outputs[name]));
sums.reduce((a, b) => a.add(b)).backward();
const { name, off } = gradientDistance(gradientsOf(model), below(values, "grad"));
console.log(`gradients: off by ${off.toExponential(2)} at most, at ${name}`);
