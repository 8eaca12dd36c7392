import test from "ava";
import type { Generator, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, reference } from "../reference/load";
import { loose, same } from "./support";

const expected = below(reference("torch-modes"), "generator");

const draws: Record<string, (generator: Generator) => Tensor> = {
  rand: (generator) => torch.rand([5], { generator }),
  randn: (generator) => torch.randn([17], { generator }),
  randint: (generator) => torch.randint(10, [6], { generator }),
  "randint between": (generator) => torch.randint(-3, 100, [6], { generator }),
  randperm: (generator) => torch.randperm(9, { generator }),
  normal: (generator) => torch.normal(torch.arange(4, { dtype: "float32" }), 2, { generator }),
  bernoulli: (generator) => torch.bernoulli(torch.full([12], 0.3), { generator }),
  bernoulli_: (generator) => torch.empty([12]).bernoulli_(0.6, { generator }),
  multinomial: (generator) =>
    torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4]), 3, false, { generator }),
  poisson: (generator) => torch.poisson(torch.full([6], 4, { dtype: "float32" }), generator),
  uniform_: (generator) => torch.empty([5]).uniform_(-1, 2, { generator }),
  normal_: (generator) => torch.empty([18]).normal_(1, 3, { generator }),
  exponential_: (generator) => torch.empty([5]).exponential_(2, { generator }),
  cauchy_: (generator) => torch.empty([5]).cauchy_(0, 1, { generator }),
  geometric_: (generator) => torch.empty([5]).geometric_(0.3, { generator }),
  log_normal_: (generator) => torch.empty([5]).logNormal_(1, 2, { generator }),
  random_: (generator) => torch.empty([5], { dtype: "int64" }).random_(100, { generator }),
};

test("every random operator draws from the generator what it draws in PyTorch", (t) => {
  const generator = new torch.Generator().manualSeed(11);
  const own = torch.getRngState().toTypedArray();
  for (const [name, draw] of Object.entries(draws)) {
    same(t, draw(generator), expected[name], name, 1e-6);
  }
  t.deepEqual(generator.getState().toTypedArray(), expected.state.toTypedArray());
  t.deepEqual(torch.getRngState().toTypedArray(), own);
  t.is(Object.keys(expected).length, Object.keys(draws).length + 1);
});

test("seeds: the same one is the same stream, each of seed() another", (t) => {
  const generator = new torch.Generator();
  t.is(generator.device, "cpu");
  t.is(generator.initialSeed(), 67280421310721); // PyTorch's own default
  t.is(generator.manualSeed(5), generator);
  t.is(generator.initialSeed(), 5);
  const first = torch.rand([4], { generator });
  torch.manualSeed(5);
  t.true(torch.equal(torch.rand([4]), first));
  t.is(generator.manualSeed(2n ** 64n - 1n).initialSeed(), 2n ** 64n - 1n);
  const seeds = [generator.seed(), generator.seed()];
  t.not(seeds[0], seeds[1]);
  t.is(generator.initialSeed(), seeds[1]);
});

test("states and clones go on from the same place, apart from each other", (t) => {
  const generator = new torch.Generator().manualSeed(1);
  torch.randn([3], { generator });
  const state = generator.getState();
  const copy = generator.clone();
  t.true(copy instanceof torch.Generator);
  const next = torch.randn([5], { generator });
  t.true(torch.equal(torch.randn([5], { generator: copy }), next));
  t.is(generator.setState(state), generator);
  t.true(torch.equal(torch.randn([5], { generator }), next));
  t.true(torch.equal(torch.randn([2], { generator: copy }), torch.randn([2], { generator })));
});

test("the default generator is the one that is used without any", (t) => {
  torch.manualSeed(9);
  t.is(torch.initialSeed(), 9);
  t.is(torch.defaultGenerator.initialSeed(), 9);
  const first = torch.rand([3]);
  torch.defaultGenerator.manualSeed(9);
  t.true(torch.equal(torch.rand([3], { generator: torch.defaultGenerator }), first));
  const chosen = torch.seed();
  t.is(torch.initialSeed(), chosen);
});

test("null and undefined stand for the default generator", (t) => {
  const drawn = [{}, { generator: null }, { generator: undefined }].map((options) => {
    torch.manualSeed(3);
    return torch.rand([2], options).toArray();
  });
  t.deepEqual(drawn[1], drawn[0]);
  t.deepEqual(drawn[2], drawn[0]);
});

test("wrong calls say what is wrong", (t) => {
  const throws = (call: () => unknown, message: RegExp, name = "TypeError") =>
    t.throws(call, { name, message });
  throws(() => new torch.Generator("nowhere"), /Generator.*device.*"nowhere"/);
  throws(() => new torch.Generator(7 as never), /Generator.*device.*given 7/);
  throws(() => new torch.Generator("meta"), /meta/i, "TorchError");
  const generator = new torch.Generator();
  throws(() => generator.manualSeed(-1.5), /manualSeed.*-1.5/);
  throws(() => generator.manualSeed(-(2n ** 63n) - 1n), /manualSeed.*-9223372036854775809n/);
  throws(() => generator.manualSeed("a" as never), /manualSeed.*"a"/);
  throws(() => generator.setState(torch.zeros([3])), /ByteTensor|uint8/, "TorchError");
  throws(() => generator.setState(5 as never), /setState.*given 5/);
  throws(() => torch.Generator.prototype.seed.call({}), /expected a torch\.Generator/);
  throws(() => Object.create(torch.Generator.prototype).device, /expected a torch\.Generator/);
  throws(() => loose.rand([2], { generator: {} }), /generator/);
  throws(() => loose.randn([2], { generator: 5 }), /expected a torch\.Generator or null, given 5/);
  throws(() => loose.relu(generator), /expected a Tensor, given a torch\.Generator/);
});

test("negative seeds are those of the same 64 bits, as in PyTorch", (t) => {
  const generator = new torch.Generator().manualSeed(-1);
  t.is(generator.initialSeed(), 2n ** 64n - 1n);
  // torch.manual_seed(-1); torch.rand(2) of Python
  const drawn = torch.rand([2], { generator }).toArray<number[]>();
  t.true(Math.abs(drawn[0] - 0.9938) < 5e-5 && Math.abs(drawn[1] - 0.5713) < 5e-5);
  t.is(generator.manualSeed(-(2n ** 63n)).initialSeed(), 2n ** 63n);
  t.is(generator.manualSeed(2n ** 64n - 1n).initialSeed(), 2n ** 64n - 1n);
});
