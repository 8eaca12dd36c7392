import { strategies, vlBertCase } from "../adaptive/cases";
import { routedOn } from "../device/routed-on";
import { same } from "../torch/support";
import { cudaTest } from "./support";

for (const strategy of strategies) {
  cudaTest(`${strategy.name} on CUDA is ${strategy.name} on the CPU`, (t) => {
    const [expected, found] = ["cpu", "cuda"].map((device) =>
      routedOn(device, vlBertCase, strategy),
    );
    t.deepEqual(found.decisions, expected.decisions);
    t.deepEqual([...found.tensors.keys()], [...expected.tensors.keys()]);
    for (const [name, tensor] of expected.tensors) {
      same(t, found.tensors.get(name)!, tensor, name, 1e-3);
    }
  });
}
