import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, reference } from "../reference/load";
import { loose, same } from "./support";

const expected = below(reference("torch-modes"), "autocast");
const values = (shape: number[], step: number) =>
  torch
    .arange(shape.reduce((count, size) => count * size))
    .to("float32")
    .mul(step)
    .sin()
    .view(shape);
const matmulDtype = (): string => torch.ones([2, 2]).matmul(torch.ones([2, 2])).dtype;

/** The network of test/reference/torch-modes.py. */
function network([x, w, b, v]: Tensor[], classes: Tensor): Record<string, Tensor> {
  const hidden = torch.gelu(torch.linear(x, w, b));
  const normed = torch.layerNorm(hidden, [hidden.size(-1)]);
  const logits = normed.matmul(v);
  return {
    hidden,
    normed,
    logits,
    softmax: logits.softmax(-1),
    sum: logits.sum(),
    loss: torch.crossEntropyLoss(logits, classes),
  };
}

for (const dtype of ["bfloat16", "float16"] as const) {
  test(`a network in ${dtype} has PyTorch's dtypes, results and gradients`, (t) => {
    const classes = torch.tensor([0, 2, 1, 2], { dtype: "int64" });
    const leaves = [
      values([4, 6], 0.9),
      values([8, 6], 0.7),
      values([8], 0.3),
      values([8, 3], 1.1),
    ];
    for (const leaf of leaves) leaf.requiresGrad_();
    const results = torch.autocast("cpu", { dtype }, () => network(leaves, classes));
    results.loss.backward();
    for (const [n, { grad }] of leaves.entries()) results[`gradient ${n}`] = grad!;
    const wanted = below(expected, dtype);
    t.deepEqual(Object.keys(results).sort(), Object.keys(wanted).sort());
    const tolerance = dtype === "bfloat16" ? 1e-2 : 2e-3;
    for (const [name, result] of Object.entries(results)) {
      same(t, result, wanted[name], name, tolerance);
    }
  });
}

test("autocasts nest, and a disabled one inside computes in full precision", (t) => {
  t.is(matmulDtype(), "float32");
  torch.autocast("cpu", () => {
    t.is(matmulDtype(), "bfloat16");
    torch.autocast("cpu", { dtype: "float16" }, () => t.is(matmulDtype(), "float16"));
    torch.autocast("cpu", { enabled: false }, () => {
      t.is(matmulDtype(), "float32");
      torch.autocast("cpu", { dtype: "float16" }, () => t.is(matmulDtype(), "float16"));
    });
    t.is(matmulDtype(), "bfloat16");
  });
  t.is(matmulDtype(), "float32");
});

test("the mode can be asked for", (t) => {
  t.is(torch.getAutocastDtype("cpu"), "bfloat16");
  t.is(torch.getAutocastDtype("cuda"), "float16");
  const states = [false, true, true].map((enabled, n) =>
    torch.autocast("cpu", { enabled, dtype: n === 2 ? "float16" : "bfloat16" }, () => [
      torch.isAutocastEnabled("cpu"),
      torch.isAutocastEnabled("cuda"),
      torch.getAutocastDtype("cpu"),
    ]),
  );
  t.deepEqual(states, [
    [false, false, "bfloat16"],
    [true, false, "bfloat16"],
    [true, false, "float16"],
  ]);
  t.false(torch.isAutocastEnabled("cpu"));
});

test("the result comes back, an error ends the mode", (t) => {
  t.is(
    torch.autocast("cpu", () => 5),
    5,
  );
  const mine = new RangeError("mine");
  const error = t.throws(() =>
    torch.autocast("cpu", () => {
      throw mine;
    }),
  );
  t.is(error, mine);
  t.is(matmulDtype(), "float32");
});

test("a weight is cast once for all its uses, unless that is turned off", (t) => {
  const w = torch.ones([2, 2], { requiresGrad: true });
  const casts = (cacheEnabled: boolean) =>
    torch.autocast("cpu", { cacheEnabled }, () => {
      let saved = 0;
      const seen: Tensor[] = [];
      torch.autograd.savedTensorsHooks(
        (tensor) => {
          if (!seen.some((known) => known.isSetTo(tensor))) saved++;
          seen.push(torch.keep(tensor.detach()));
          return tensor;
        },
        (tensor) => tensor,
        () => {
          const x = torch.ones([2, 2], { requiresGrad: true });
          return [x.matmul(w), x.matmul(w)];
        },
      );
      for (const one of seen) one.dispose();
      return saved;
    });
  t.true(casts(true) < casts(false));
});

test("gradients of a cast weight have the weight's dtype, after scopes and backward outside", (t) => {
  const w = values([4, 4], 0.3).requiresGrad_();
  for (let n = 0; n < 2; n++) {
    const loss = torch.scope(() =>
      torch.autocast("cpu", () => torch.ones([2, 4]).matmul(w).matmul(w).sum()),
    );
    loss.backward();
  }
  t.is(w.grad!.dtype, "float32");
  t.true(Number(w.grad!.abs().sum().item()) > 1);
});

test("autocast leaves no tensor behind", (t) => {
  const w = values([4, 4], 0.3).requiresGrad_();
  const before = torch.memory();
  for (let n = 0; n < 200; n++) {
    torch.scope(() => void torch.autocast("cpu", () => torch.ones([2, 4]).matmul(w)));
  }
  t.deepEqual(torch.memory(), before);
});

test("wrong calls say what is wrong", (t) => {
  const fn = () => 1;
  const throws = (call: () => unknown, message: RegExp) =>
    t.throws(call, { instanceOf: TypeError, message });
  throws(() => loose.autocast("cpu", async () => 1), /torch\.autocast: expected a synchronous/);
  throws(() => loose.autocast("cpu"), /torch\.autocast: expected a function, given undefined/);
  throws(() => loose.autocast(fn), /expected the device "cpu" or "cuda", given a function/);
  throws(() => loose.autocast("tpu", fn), /expected the device "cpu" or "cuda", given "tpu"/);
  throws(() => loose.autocast("cpu", { dtype: "int8" }, fn), /'dtype'.*bfloat16.*given "int8"/);
  throws(
    () => loose.autocast("cpu", { typ: "float16" }, fn),
    /dtype, enabled, cacheEnabled.*'typ'/,
  );
  throws(() => loose.isAutocastEnabled("tpu"), /"tpu"/);
  if (!torch.cuda.isAvailable()) {
    throws(() => torch.autocast("cuda", fn), /"cuda".*finds none/);
    t.is(torch.autocast("cuda", { enabled: false }, fn), 1);
  }
  t.is(matmulDtype(), "float32");
});
