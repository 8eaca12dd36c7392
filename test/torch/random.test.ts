import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { reference } from "../reference/load";
import { same } from "./support";

const expected = reference("torch-random");

const draws: Record<string, () => Tensor> = {
  rand: () => torch.rand([3, 5]),
  "rand float64": () => torch.rand([7], { dtype: "float64" }),
  "rand bfloat16": () => torch.rand([6], { dtype: "bfloat16" }),
  "randn, few": () => torch.randn([5]),
  "randn, many": () => torch.randn([4, 9]),
  "randn float64": () => torch.randn([17], { dtype: "float64" }),
  randint: () => torch.randint(10, [8]),
  "randint between": () => torch.randint(-5, 2 ** 40, [4]),
  randperm: () => torch.randperm(12),
  bernoulli: () => torch.bernoulli(torch.full([20], 0.3)),
  bernoulli_: () => torch.empty([20]).bernoulli_(0.7),
  uniform_: () => torch.empty([6]).uniform_(-2, 3),
  normal_: () => torch.empty([18]).normal_(1, 2),
  exponential_: () => torch.empty([6]).exponential_(0.5),
  multinomial: () => torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4]), 3),
  dropout: () => torch.dropout(torch.ones([20]), 0.4, true),
  "two draws": () => torch.cat([torch.rand([2]), torch.rand([2])]),
};

for (const [name, draw] of Object.entries(draws)) {
  test(`after a seed ${name} gives what PyTorch gives`, (t) => {
    for (const seed of [0, 42]) {
      torch.manualSeed(seed);
      same(t, draw(), expected[`${name}, ${seed}`], `seed ${seed}`, 1e-6);
    }
  });
}

test("every draw of the reference is checked", (t) => {
  t.is(Object.keys(expected).length, 2 * Object.keys(draws).length + 3);
});

test("seeds may be bigints", (t) => {
  torch.manualSeed(2n ** 63n);
  same(t, torch.rand([4]), expected["rand, 9223372036854775808"], "rand", 0);
});

test("PyTorch's random state continues here, and ours is the same bytes", (t) => {
  torch.setRngState(expected.state);
  same(t, torch.randn([5]), expected["after the state"], "randn", 1e-6);
  torch.manualSeed(3);
  torch.randn([5]);
  t.deepEqual(torch.getRngState().toTypedArray(), expected.state.toTypedArray());
});

test("a restored state repeats its draws", (t) => {
  const state = torch.getRngState();
  t.deepEqual([state.dtype, state.shape], ["uint8", [5056]]);
  const first = torch.randn([20]);
  const other = torch.randn([20]);
  torch.setRngState(state);
  t.true(torch.equal(torch.randn([20]), first));
  t.false(torch.equal(first, other));
});
