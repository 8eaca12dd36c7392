// The bindings alone: tensors, gradients, memory, files. Run with: npx ts-node -T examples/torch-in-a-minute.ts
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "adaptune/torch";

torch.manualSeed(0);

// PyTorch's names in camelCase, as functions and as methods.
const x = torch.randn([64, 3]);
const slopes = torch.tensor([[2], [-1], [0.5]]);
const y = x.matmul(slopes).add(0.25);

// Gradients, here of a linear regression. A scope frees what a step made, all but what it returns.
const weight = torch.zeros([3, 1]).requiresGrad_(true);
const bias = torch.zeros([1]).requiresGrad_(true);
for (let step = 1; step <= 100; step++) {
  const loss = torch.scope(() => {
    const error = x.matmul(weight).add(bias).sub(y);
    const loss = error.square().mean();
    loss.backward();
    torch.noGrad(() => {
      for (const parameter of [weight, bias]) {
        if (parameter.grad) parameter.sub_(parameter.grad.mul(0.1));
        parameter.grad = null;
      }
    });
    return loss.item();
  });
  if (step % 25 === 0) console.log(`step ${step}: loss ${Number(loss).toExponential(2)}`);
}
console.log("weight", weight.flatten().toArray(), "bias", bias.item());

// Indexing, and an operator by its own name: all of LibTorch's are there.
console.log("first rows", x.index(torch.slice(0, 2), "..."));
console.log("largest", torch.ops.aten.max(x).item());

// Files are safetensors, as Python's libraries read and write them.
const file = join(tmpdir(), `adaptune-example-${process.pid}.safetensors`);
torch.save({ weight, bias }, file);
console.log("read back", Object.keys(torch.load(file)), torch.memory());
rmSync(file);
