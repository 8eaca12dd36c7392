import test from "ava";
import { budget } from "../../../src/adaptive";
import * as torch from "../../../src/torch";

/** A gate [B,N,K] of the alternatives' numbers [B,N]. */
function gateOf(choices: number[][]): torch.Tensor {
  return torch.oneHot(torch.tensor(choices).long(), 2).to("float64").requiresGrad_(true);
}

test("the scope says whose usage is held to the target", (t) => {
  const gate = gateOf([
    [1, 1, 1],
    [0, 0, 1],
  ]);
  const value = (scope: "instance" | "batch") =>
    budget(gate, { alternative: 1, target: 2, scope }).item();
  t.is(value("instance"), 1);
  t.is(value("batch"), 0);
});

test("value and gradient are finite at usage 0 and 1", (t) => {
  for (const scope of ["instance", "batch"] as const) {
    for (const used of [0, 1]) {
      const gate = gateOf([
        [used, used],
        [used, used],
      ]);
      const penalty = budget(gate, { alternative: 1, target: 1.5, scope });
      penalty.backward();
      t.is(penalty.item(), (2 * used - 1.5) ** 2);
      const slope = gate.grad!.select(2, 1).toArray<number[][]>().flat();
      t.true(slope.every((value) => value === 2 * (2 * used - 1.5) * 0.5));
    }
  }
});
