import test from "ava";
import { Dropout } from "../../src/nn";
import * as torch from "../../src/torch";

test("in training zeroes a share p and scales the rest", (t) => {
  torch.manualSeed(1);
  const dropped = new Dropout(0.25).forward(torch.ones([10_000])).toArray() as number[];
  const zeros = dropped.filter((value) => value === 0).length;
  t.true(Math.abs(zeros / 10_000 - 0.25) < 0.02);
  t.true(dropped.every((value) => value === 0 || Math.abs(value - 4 / 3) < 1e-6));
});

test("in evaluation, and at p = 0, gives back the input itself", (t) => {
  const x = torch.ones([3]);
  t.is(new Dropout(0.5).eval().forward(x), x);
  t.is(new Dropout(0).forward(x), x);
});

test("a p that is no probability is refused", (t) => {
  t.throws(() => new Dropout(1.5), { instanceOf: RangeError });
});
