import test from "ava";
import type { DType, Tensor } from "../src/torch";
import * as torch from "../src/torch";
import { distance } from "./reference/load";
import { isNear, OUTPUT, rounding } from "./rounding";

const float64 = { dtype: "float64" } as const;

test("sums in any order stay within the bound, which is no more than some times what is seen", (t) => {
  torch.manualSeed(1);
  for (const terms of [16, 256, 4096]) {
    const [a, b] = [torch.randn([64, terms]), torch.randn([64, terms])];
    const exact = a.double().mul(b.double()).sum(1);
    const products = a.mul(b);
    const bound = rounding("float32", { terms });
    const oneByOne = products.unbind(1).reduce((sum, term) => sum.add(term));
    const seen = [
      products.sum(1),
      products.flip([1]).sum(1),
      oneByOne,
      products.cumsum(1).select(1, -1),
    ];
    for (const sum of seen) t.true(distance(sum, exact) <= bound, `${terms} terms`);
    t.true(distance(oneByOne, exact) >= bound / 100, `the bound of ${terms} terms says something`);
  }
});

test("a bound grows with what is summed, one after the other, and how it is conditioned", (t) => {
  const once = rounding("float32");
  t.true(isNear(rounding("float32", { terms: 100 }), 10 * once));
  t.true(isNear(rounding("float32", { depth: 4, condition: 3 }), 6 * once));
  t.is(rounding("float32", { dtype: "bfloat16" }), rounding("bfloat16"));
  t.is(rounding("float64", { dtype: "float32" }), once);
  t.is(rounding("bfloat16", { terms: 1000 }), rounding("bfloat16"), "summed in single precision");
  t.is(rounding("int64", { terms: 100 }), 0, "whole numbers are exact");
  t.true(rounding("float64", { step: 1e-5 }) > 1e-10);
});

/** Two blocks of a transformer's feed-forward half: [R,16] -> [R,16]; what a mistake changes can be set. */
function network(dtype: DType, mistake: Mistake = {}): Tensor {
  torch.manualSeed(4);
  let x = torch.randn([6, 16], float64).to(dtype);
  for (let block = 0; block < 2; block++) {
    const [up, down] = [
      torch.randn([32, 16], float64).div(4),
      torch.randn([16, 32], float64).div(6),
    ].map((weight) => weight.to(dtype));
    if (mistake.weight && block === 0) up.select(0, 3).select(0, 5).add_(mistake.weight);
    const hidden = torch.gelu(x.matmul(up.t()), { approximate: mistake.gelu ?? "none" });
    const rows = mistake.lastColumn === false ? hidden.clone() : hidden;
    if (mistake.lastColumn === false) rows.select(1, -1).zero_();
    const sum = rows.matmul(down.t()).add(x);
    x = torch.layerNorm(sum, [16], null, null, mistake.eps ?? 1e-12);
  }
  return x;
}

interface Mistake {
  readonly weight?: number;
  readonly gelu?: string;
  readonly eps?: number;
  readonly lastColumn?: false;
}

const mistakes: Record<string, Mistake> = {
  "a weight off by a millionth": { weight: 1e-6 },
  "the GELU of tanh": { gelu: "tanh" },
  "another eps": { eps: 1e-5 },
  "the last column left out": { lastColumn: false },
};

test("a right computation is within the bound, whatever it is multiplied with", (t) => {
  const exact = network("float64");
  t.true(distance(network("float32"), exact) <= rounding("float32", OUTPUT));
  t.true(distance(network("float64"), exact) <= rounding("float64", OUTPUT));
});

for (const [name, mistake] of Object.entries(mistakes)) {
  test(`a mistake is beyond the bound: ${name}`, (t) => {
    const exact = network("float64");
    t.true(distance(network("float64", mistake), exact) > 100 * rounding("float64", OUTPUT));
    if (mistake.weight || mistake.eps) return; // single precision can not tell
    t.true(distance(network("float32", mistake), exact) > rounding("float32", OUTPUT));
  });
}
