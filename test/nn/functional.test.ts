import test from "ava";
import { functional } from "../../src/nn";
import * as torch from "../../src/torch";

const { countFlops, linear, matmul, scaledDotProductAttention } = functional;

test("matrix products count 2 m n k, batches included", (t) => {
  const x = torch.randn([2, 3, 5]);
  t.is(countFlops(() => linear(x, torch.randn([7, 5]))).flops, 2 * 6 * 7 * 5);
  t.is(countFlops(() => matmul(x, torch.randn([2, 5, 4]))).flops, 2 * 2 * 3 * 4 * 5);
});

test("attention counts both of its products", (t) => {
  const [query, key, value] = [3, 4, 4].map((length) => torch.randn([2, 2, length, 8]));
  const { flops } = countFlops(() => scaledDotProductAttention(query, key, value));
  t.is(flops, 2 * 2 * (2 * 3 * 4 * 8 + 2 * 3 * 8 * 4));
});

test("counts nest, survive errors and give the result", (t) => {
  const x = torch.randn([2, 2]);
  const one = () => linear(x, x);
  const outer = countFlops(() => {
    one();
    t.throws(() =>
      countFlops(() => {
        one();
        throw new Error("inside");
      }),
    );
    return countFlops(one).flops;
  });
  t.is(outer.result, 16);
  t.is(outer.flops, 48);
});

test("dropout outside of training gives back the input itself", (t) => {
  const x = torch.ones([2]);
  t.is(functional.dropout(x, 0.5, false), x);
});

test("cross-entropy is the mean negative log-likelihood", (t) => {
  const logits = torch.tensor(
    [
      [0, 0],
      [0, Math.log(3)],
    ],
    { dtype: "float64" },
  );
  const loss = functional.crossEntropy(logits, torch.tensor([0, 1], { dtype: "int64" }));
  t.true(Math.abs(Number(loss.item()) - (Math.log(2) + Math.log(4 / 3)) / 2) < 1e-12);
});
