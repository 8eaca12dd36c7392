import * as torch from "../../src/torch";

/** Tensors, graphs and a scope under way when the process ends. */
const held = [torch.ones([10], { requiresGrad: true })];
for (let n = 0; n < 100; n++) held.push(held[n].mul(2));
held[100].sum().backward();
torch.scope(() => {
  held.push(torch.ones([2]));
  console.log("held");
  process.exit(0);
});
