import test from "ava";
import * as torch from "../../src/torch";
import { numericalGradient, same } from "./support";

const float64 = { dtype: "float64" } as const;
const leaf = (values: number[]) => torch.tensor(values, { ...float64, requiresGrad: true });

test("backward gives each leaf its gradient", (t) => {
  const x = leaf([1, 2, 3]);
  const w = leaf([4, 5, 6]);
  x.mul(w).sum().backward();
  t.deepEqual(x.grad!.toArray(), [4, 5, 6]);
  t.deepEqual(w.grad!.toArray(), [1, 2, 3]);
});

test("gradients accumulate until they are cleared", (t) => {
  const x = leaf([1, 2]);
  for (let n = 0; n < 3; n++) x.mul(2).sum().backward();
  t.deepEqual(x.grad!.toArray(), [6, 6]);
  x.grad!.zero_();
  t.deepEqual(x.grad!.toArray(), [0, 0]);
  x.grad = null;
  t.is(x.grad, null);
  x.mul(5).sum().backward();
  t.deepEqual(x.grad!.toArray(), [5, 5]);
});

test("a gradient can be set", (t) => {
  const x = leaf([1, 2]);
  x.grad = torch.tensor([7, 8], float64);
  x.sum().backward();
  t.deepEqual(x.grad!.toArray(), [8, 9]);
});

test("outputs of many elements need a gradient of their shape", (t) => {
  const x = leaf([1, 2]);
  const y = x.mul(x);
  t.throws(() => y.backward(), { instanceOf: torch.TorchError });
  y.backward(torch.tensor([1, 10], float64));
  t.deepEqual(x.grad!.toArray(), [2, 40]);
});

test("a graph is freed by backward unless it is retained", (t) => {
  const x = leaf([3]);
  const y = x.mul(x).sum();
  y.backward(null, { retainGraph: true });
  y.backward();
  t.deepEqual(x.grad!.toArray(), [12]);
  t.throws(() => y.backward(), { instanceOf: torch.TorchError, message: /second time|retain/i });
});

test("backward into chosen inputs leaves the others", (t) => {
  const [x, w] = [leaf([2]), leaf([3])];
  x.mul(w)
    .sum()
    .backward(null, { inputs: [w] });
  t.is(x.grad, null);
  t.deepEqual(w.grad!.toArray(), [2]);
});

test("grad gives gradients and touches none", (t) => {
  const [x, w] = [leaf([2, 3]), leaf([5, 7])];
  const [dx, dw] = torch.grad([x.mul(w).sum()], [x, w]);
  t.deepEqual(
    [dx.toArray(), dw.toArray()],
    [
      [5, 7],
      [2, 3],
    ],
  );
  t.is(x.grad, null);
  const [weighted] = torch.grad([x.mul(w)], [x], { gradOutputs: [torch.tensor([1, 0], float64)] });
  t.deepEqual(weighted.toArray(), [5, 0]);
  const [ofTwo] = torch.grad([x.sum(), w.mul(x).sum()], [x]);
  t.deepEqual(ofTwo.toArray(), [6, 8]);
});

test("inner nodes have gradients by grad", (t) => {
  const x = leaf([2]);
  const inner = x.mul(3);
  const [gradient] = torch.grad([inner.mul(inner).sum()], [inner]);
  t.deepEqual(gradient.toArray(), [12]);
});

test("what was not used has no gradient: null if allowed, an error if not", (t) => {
  const [x, w] = [leaf([1]), leaf([1])];
  const y = x.mul(2).sum();
  t.throws(() => torch.grad([y], [w], { retainGraph: true }), { instanceOf: torch.TorchError });
  const [dw, dx] = torch.grad([y], [w, x], { allowUnused: true });
  t.is(dw, null);
  t.deepEqual(dx!.toArray(), [2]);
});

test("gradients of gradients: the third derivative of x^4 is 24 x", (t) => {
  const x = leaf([1, -2]);
  let y = x.pow(4);
  for (let n = 0; n < 3; n++) [y] = torch.grad([y.sum()], [x], { createGraph: true });
  t.deepEqual(y.toArray(), [24, -48]);
  t.true(y.requiresGrad);
  y.sum().backward();
  t.deepEqual(x.grad!.toArray(), [24, 24]);
});

test("a whole small network has the gradient of finite differences", (t) => {
  torch.manualSeed(0);
  const x = torch.randn([4, 3], float64);
  const classes = torch.tensor([0, 1, 1, 0], { dtype: "int64" });
  const last = torch.randn([2, 5], float64);
  const hidden = (w: torch.Tensor) => torch.layerNorm(torch.gelu(torch.linear(x, w)), [5]);
  const loss = (w: torch.Tensor) => torch.crossEntropyLoss(hidden(w).matmul(last.t()), classes);
  const w = torch.randn([5, 3], { ...float64, requiresGrad: true });
  loss(w).backward();
  same(t, w.grad!, numericalGradient(loss, w), "gradient", 1e-7);
});

test("noGrad records nothing, enableGrad inside it does", (t) => {
  const x = leaf([1]);
  t.true(torch.isGradEnabled());
  torch.noGrad(() => {
    t.false(torch.isGradEnabled());
    t.false(x.mul(2).requiresGrad);
    t.true(torch.enableGrad(() => x.mul(2)).requiresGrad);
    t.false(torch.isGradEnabled());
  });
  t.true(x.mul(2).requiresGrad);
});

test("modes give back the result and end with an error, also a refused one", (t) => {
  for (const mode of [torch.noGrad, torch.inferenceMode]) {
    t.is(
      mode(() => 5),
      5,
    );
    t.throws(
      () =>
        mode(() => {
          throw new RangeError("mine");
        }),
      { instanceOf: RangeError, message: "mine" },
    );
    t.true(torch.isGradEnabled());
    t.throws(() => mode(async () => 1), { instanceOf: TypeError });
    t.throws(() => mode(() => torch.ones([2]).view([3])), { instanceOf: torch.TorchError });
    t.true(torch.isGradEnabled());
  }
});

test("setGradEnabled holds from then on, or while a function runs", (t) => {
  const x = leaf([1]);
  t.false(torch.setGradEnabled(false, () => x.mul(2)).requiresGrad);
  t.true(torch.isGradEnabled());
  torch.setGradEnabled(false);
  try {
    t.false(torch.isGradEnabled());
    t.true(torch.setGradEnabled(true, () => x.mul(2)).requiresGrad);
    t.false(x.mul(2).requiresGrad);
  } finally {
    torch.setGradEnabled(true);
  }
  t.true(x.mul(2).requiresGrad);
  t.throws(() => torch.setGradEnabled(0 as never), {
    instanceOf: TypeError,
    message: "torch.setGradEnabled: argument 'enabled': expected a boolean, given 0",
  });
  t.throws(() => torch.setGradEnabled(false, async () => 1), { message: /synchronous/ });
  t.true(torch.isGradEnabled());
});

test("inferenceMode can be asked for", (t) => {
  t.false(torch.isInferenceModeEnabled());
  t.true(torch.inferenceMode(torch.isInferenceModeEnabled));
  t.false(torch.inferenceMode(torch.isGradEnabled));
});

test("several outputs go backward at once", (t) => {
  const [x, w] = [leaf([1, 2]), leaf([3])];
  torch.autograd.backward([x.mul(2), w.mul(5).sum()], [torch.tensor([1, 10], float64), null]);
  t.deepEqual([x.grad!.toArray(), w.grad!.toArray()], [[2, 20], [5]]);
  torch.autograd.backward(w.pow(2));
  t.deepEqual(w.grad!.toArray(), [11]);
  const y = x.sum();
  torch.autograd.backward([y, w.mul(x.sum()).sum()], [], { inputs: [w] });
  t.deepEqual(w.grad!.toArray(), [14]);
  t.deepEqual(x.grad!.toArray(), [2, 20]);
  t.is(torch.autograd.grad, torch.grad);
});

test("an inner tensor retains its gradient when asked to", (t) => {
  const x = leaf([1, 2]);
  const y = x.mul(3);
  t.false(y.retainsGrad());
  y.retainGrad();
  t.true(y.retainsGrad());
  y.registerHook((gradient) => gradient.mul(2));
  y.mul(y).sum().backward();
  t.deepEqual(y.grad!.toArray(), [12, 24]);
  t.throws(() => torch.ones([1]).retainGrad(), { instanceOf: torch.TorchError });
});

test("what inferenceMode made takes no part in a graph", (t) => {
  const x = leaf([1, 2]);
  const made = torch.inferenceMode(() => x.mul(2));
  t.false(made.requiresGrad);
  t.true(made.isInference());
  t.deepEqual(made.toArray(), [2, 4]);
  t.throws(() => x.mul(made), { instanceOf: torch.TorchError, message: /[Ii]nference/ });
});

test("detach shares the elements and not the graph", (t) => {
  const x = leaf([1, 2]);
  const y = x.detach();
  t.false(y.requiresGrad);
  t.true(y.isLeaf);
  y.fill_(9);
  t.deepEqual(x.toArray(), [9, 9]);
  x.mul(x.detach()).sum().backward();
  t.deepEqual(x.grad!.toArray(), [9, 9]);
});

test("leaves are what nothing computed", (t) => {
  const x = leaf([1]);
  t.true(x.isLeaf && torch.ones([1]).isLeaf && torch.ones([1]).mul(2).isLeaf);
  t.false(x.mul(2).isLeaf);
  t.is(x.gradFn, null);
  t.is(x.mul(x).gradFn, "MulBackward0");
  t.is(
    torch.ops.adaptune.linear(leaf([1]).view(1, 1), leaf([1]).view(1, 1)).gradFn,
    "LinearFunction",
  );
  t.is(x.mul(2).grad, null);
});

test("requiresGrad_ gives back the tensor, and can be undone for leaves only", (t) => {
  const x = torch.zeros([2]);
  t.is(x.requiresGrad_(), x);
  t.true(x.requiresGrad);
  x.requiresGrad_(false);
  t.false(x.requiresGrad);
  const y = leaf([1]).mul(2);
  t.throws(() => y.requiresGrad_(false), { instanceOf: torch.TorchError, message: /leaf/ });
});

test("only floats require gradients", (t) => {
  for (const dtype of ["int64", "bool", "uint8"] as const) {
    const x = torch.ones([2], { dtype });
    t.throws(() => x.requiresGrad_(), { instanceOf: torch.TorchError, message: /floating/ });
    t.false(x.requiresGrad);
  }
  t.true(torch.ones([2], { dtype: "bfloat16" }).requiresGrad_().requiresGrad);
});

test("integers and comparisons come out of a graph without gradient", (t) => {
  const x = leaf([1, -1]);
  t.false(x.gt(0).requiresGrad);
  t.false(x.argmax().requiresGrad);
  t.false(x.long().requiresGrad);
  const [values, indices] = x.topk(1);
  t.true(values.requiresGrad);
  t.false(indices.requiresGrad);
});

test("in-place changes: refused for leaves, allowed in noGrad and for inner nodes", (t) => {
  const x = leaf([1, 2]);
  t.throws(() => x.add_(1), { instanceOf: torch.TorchError, message: /leaf/ });
  torch.noGrad(() => x.add_(1));
  t.deepEqual(x.toArray(), [2, 3]);
  const y = x.clone();
  t.is(y.mul_(3), y);
  y.sum().backward();
  t.deepEqual(x.grad!.toArray(), [3, 3]);
});

test("a changed tensor that the graph still needs is noticed", (t) => {
  const x = leaf([1, 2]);
  const y = x.exp();
  const loss = y.sum();
  y.mul_(2);
  t.notThrows(() => loss.detach());
  t.throws(() => y.sum().add(loss).backward(), {
    instanceOf: torch.TorchError,
    message: /inplace|in-place|modified/,
  });
});

test("gradients flow through views and out of place copies", (t) => {
  const x = leaf([1, 2, 3, 4]);
  x.view([2, 2]).t().select(0, 1).mul(10).sum().backward();
  t.deepEqual(x.grad!.toArray(), [0, 10, 0, 10]);
});

test("conversions carry gradients back in the leaf's dtype", (t) => {
  const x = torch.tensor([1, 2], { requiresGrad: true });
  x.bfloat16().mul(3).double().sum().backward();
  t.is(x.grad!.dtype, "float32");
  t.deepEqual(x.grad!.toArray(), [3, 3]);
});

test("backward works in bfloat16 and keeps the dtype", (t) => {
  const x = torch.tensor([1.5, -2], { dtype: "bfloat16", requiresGrad: true });
  x.mul(x).sum().backward();
  t.is(x.grad!.dtype, "bfloat16");
  t.deepEqual(x.grad!.toArray(), [3, -4]);
});
