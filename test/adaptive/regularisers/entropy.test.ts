import test from "ava";
import { confidence, diversity } from "../../../src/adaptive";
import type { Tensor } from "../../../src/torch";
import * as torch from "../../../src/torch";

/** Probabilities [B,1,2] of one site from those of its first alternative. */
function of(...first: number[]): Tensor {
  const values = torch.tensor(first).double().view([-1, 1]);
  return torch.stack([values, values.neg().add(1)], 2).requiresGrad_(true);
}

function near(actual: Tensor, expected: number): boolean {
  return Math.abs(actual.item() - expected) < 1e-4;
}

test("by instance, confidence leaves inputs their own decisions; by batch it does not", (t) => {
  const different = of(0, 1);
  t.true(near(confidence(different, { scope: "instance" }), 0));
  t.true(near(confidence(different, { scope: "batch" }), 1));
  const undecided = of(0.5, 0.5);
  t.true(near(confidence(undecided, { scope: "instance" }), 1));
  t.true(near(confidence(of(0.25), { scope: "instance" }), 0.811278));
});

test("diversity is least where a site is used evenly over the batch", (t) => {
  t.true(near(diversity(of(0, 1)), 0));
  t.true(near(diversity(of(1, 1)), 1));
  const p = of(0.9, 0.2, 0.4);
  const information = confidence(p, { scope: "batch" }).sub(confidence(p, { scope: "instance" }));
  const sum = diversity(p).add(confidence(p, { scope: "instance" }));
  t.true(near(sum.add(information), 1), "with confidence it is what is not known of the input");
});

test("values and gradients are finite at usage 0 and 1", (t) => {
  for (const value of [0, 1]) {
    for (const term of [
      (p: Tensor) => confidence(p, { scope: "instance" }),
      (p: Tensor) => confidence(p, { scope: "batch" }),
      diversity,
    ]) {
      const p = of(value, value);
      const loss = term(p);
      loss.backward();
      t.true(Number.isFinite(loss.item()));
      t.true(p.grad!.isfinite().all().item() as unknown as boolean);
    }
  }
});

test("three alternatives have the same range", (t) => {
  const even = torch.full([2, 1, 3], 1 / 3).double();
  t.true(near(confidence(even, { scope: "instance" }), 1));
  t.true(near(diversity(even), 0));
});
