import test from "ava";
import { Identity, Linear, Module, type Parameter } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

class Pair extends Module {
  readonly a = new Linear(2, 2);
  readonly b = new Linear(2, 1, { bias: false });
  readonly tied: Module & { weight: Parameter } = Object.assign(new Identity(), {
    weight: this.b.weight,
  });
}

function full(value = 1): Record<string, Tensor> {
  const shapes = { "a.weight": [2, 2], "a.bias": [2], "b.weight": [1, 2], "tied.weight": [1, 2] };
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, torch.full(shape, value)]),
  );
}

function values(model: Module): unknown[] {
  return Object.values(model.stateDict()).map((tensor) => tensor.toArray());
}

test("all values are copied and counted", (t) => {
  const model = new Pair();
  const given = full(3);
  t.deepEqual(model.loadStateDict(given), { loaded: 4, missing: [], unexpected: [] });
  t.deepEqual(values(model), values(model.clone()));
  given["a.bias"].fill_(9);
  t.deepEqual(model.a.bias?.toArray(), [3, 3]);
  t.true(model.a.bias?.requiresGrad);
});

test("a tied weight needs one of its names only", (t) => {
  const { "b.weight": _, ...given } = full(2);
  const model = new Pair();
  t.deepEqual(model.loadStateDict(given), { loaded: 3, missing: [], unexpected: [] });
  t.deepEqual(model.b.weight.toArray(), [[2, 2]]);
});

test("strictly, all problems are listed and nothing changes", (t) => {
  const model = new Pair();
  const before = values(model);
  const { "a.bias": _, ...rest } = full();
  const given = { ...rest, "a.weight": torch.ones([3, 2]), other: torch.ones([1]) };
  const { message } = t.throws(() => model.loadStateDict(given));
  t.true(message.includes("does not fit Pair, nothing was loaded (1 missing, 1 unexpected"));
  t.true(message.includes("missing: a.bias"));
  t.true(message.includes("unexpected: other"));
  t.true(message.includes("shape: a.weight is [2, 2], given [3, 2]"));
  t.deepEqual(values(model), before);
});

test("not strictly, missing and unexpected names are reported", (t) => {
  const model = new Pair();
  const given = { "a.bias": torch.full([2], 5), other: torch.ones([1]) };
  t.deepEqual(model.loadStateDict(given, { strict: false }), {
    loaded: 1,
    missing: ["a.weight", "b.weight", "tied.weight"],
    unexpected: ["other"],
  });
  t.deepEqual(model.a.bias?.toArray(), [5, 5]);
});

test("a wrong shape is an error even then, and nothing changes", (t) => {
  const model = new Pair();
  const before = values(model);
  const given = { "a.bias": torch.ones([2]), "b.weight": torch.ones([2]) };
  t.throws(() => model.loadStateDict(given, { strict: false }), { message: /shape: b.weight/ });
  t.deepEqual(values(model), before);
});

test("values of another dtype are converted", (t) => {
  const model = new Pair();
  const given = full(0.5);
  given["a.bias"] = given["a.bias"].to("float64");
  model.loadStateDict(given);
  t.is(model.a.bias?.dtype, "float32");
});

test("what is not a tensor is named", (t) => {
  const given = { ...full(), "a.bias": 3 as unknown as Tensor };
  t.throws(() => new Pair().loadStateDict(given), { message: /not a tensor: a.bias/ });
});
