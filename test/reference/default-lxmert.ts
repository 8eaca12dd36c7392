import { join } from "node:path";
import { LxmertForPreTraining, type LxmertInputs } from "../../src/models";
import * as torch from "../../src/torch";
import { below, distance, gradientDistance, gradientsOf, weightedSum } from "./load";

// The second half of default_lxmert.py, which says how to run it.
const [, , folder] = process.argv;
const values = torch.load(join(folder, "values.safetensors"));
const model = LxmertForPreTraining.fromPretrained(folder).eval();
const outputs = model.forward(below(values, "input") as unknown as LxmertInputs);
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
