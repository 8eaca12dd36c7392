import test, { type ExecutionContext } from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { native } from "../../src/torch/native";
import { linear, select_linear } from "./fused-operators";

/** Largest error relative to the largest value. */
function errorOf(found: Tensor, expected: Tensor): number {
  if (expected.numel() === 0) return 0;
  const off = found.double().sub(expected).abs().max();
  return Number(off.div(expected.abs().max().clampMin(1e-30)).item());
}

function close(t: ExecutionContext, found: Tensor, expected: Tensor, what: string) {
  t.deepEqual(found.shape, expected.shape, what);
  const error = errorOf(found, expected);
  t.true(error < 1e-5, `${what}: ${error}`);
}

/** Calls fn with every way that there is to multiply. */
function everyWay(fn: (way: string) => void): void {
  const before = torch.matrixProducts.choices();
  const products = Object.keys(before).filter((product) => product.startsWith("float32 "));
  try {
    for (const way of ["packed", "library", "oneDNN"]) {
      torch.matrixProducts.choose(Object.fromEntries(products.map((product) => [product, way])));
      try {
        fn(way);
      } catch (error) {
        // A LibTorch without oneDNN has no such way.
        if (!(error instanceof torch.TorchError) || !/mkldnn/.test(error.message)) throw error;
      }
    }
  } finally {
    torch.matrixProducts.choose(before);
  }
}

/** A leaf whose memory is that of the transposed matrix. */
function transposed(rows: number, columns: number): Tensor {
  return torch.randn([columns, rows]).t().detach().requiresGrad_();
}

for (const [rows, inputs, outputs] of [
  [0, 4, 3],
  [1, 1, 1],
  [7, 48, 33],
  [15, 3, 64],
  [130, 256, 512],
  [300, 1030, 40], // beyond what is summed up at once,
  [1100, 20, 9], // also in the weight's gradient
]) {
  test.serial(`every way to multiply gives the same: ${rows} x ${inputs} x ${outputs}`, (t) => {
    torch.manualSeed(rows);
    const bias = torch.randn([outputs], { requiresGrad: true });
    for (const make of [
      (m: number, n: number) => torch.randn([m, n], { requiresGrad: true }),
      transposed,
      (m: number, n: number) => torch.randn([m, n, 2]).select(2, 1),
    ]) {
      const x = make(rows, inputs).detach().requiresGrad_();
      const weight = make(outputs, inputs).detach().div_(Math.sqrt(inputs)).requiresGrad_();
      const dy = make(rows, outputs).detach();
      const leaves = [x, weight, bias].map((leaf) => leaf.detach().double().requiresGrad_());
      for (const gelu of [false, true]) {
        const before = torch.linear(leaves[0], leaves[1], leaves[2]);
        const expected = gelu ? torch.gelu(before) : before;
        const slopes = torch.grad([expected], leaves, { gradOutputs: [dy.double()] });
        everyWay((way) => {
          const y = linear(x, weight, bias, { gelu });
          close(t, y, expected, `${way}: y`);
          const alone = torch.noGrad(() => linear(x, weight, bias, { gelu }));
          close(t, alone, expected, `${way}: y without a graph`);
          const found = torch.grad([y], [x, weight, bias], { gradOutputs: [dy] });
          for (const [n, one] of found.entries()) close(t, one, slopes[n], `${way}: gradient ${n}`);
        });
      }
    }
  });
}

test.serial("measuring chooses a way for every product, and draws no random numbers", (t) => {
  const before = torch.matrixProducts.choices();
  torch.manualSeed(1);
  const expected = torch.rand([3]).toArray();
  torch.manualSeed(1);
  try {
    for (const dtype of ["float32", "bfloat16"]) native.measureMatrixProducts(dtype);
    t.deepEqual(torch.rand([3]).toArray(), expected);
    for (const [product, way] of Object.entries(torch.matrixProducts.choices())) {
      const ways = product.startsWith("float32")
        ? ["packed", "library", "oneDNN"]
        : ["library", "oneDNN"];
      t.true(ways.includes(way), `${product}: ${way}`);
    }
  } finally {
    torch.matrixProducts.choose(before);
  }
});

test("unknown products and unknown ways are refused", (t) => {
  t.throws(() => torch.matrixProducts.choose({ "float32 sideways large": "library" }), {
    message: /no matrix product is called 'float32 sideways large'/,
  });
  t.throws(() => torch.matrixProducts.choose({ "float32 forward large": "abacus" }), {
    message: /no way to multiply is called 'abacus'.*library, oneDNN and packed/,
  });
  t.throws(() => torch.matrixProducts.choose({ "bfloat16 forward large": "packed" }), {
    message: /'bfloat16 forward large'.*packed.*float32/,
  });
});

for (const [heads, size, alternatives, samples] of [
  [1, 32, 2, 1],
  [4, 5, 3, 7],
  [3, 40, 2, 90], // more rows than are summed up at once
]) {
  for (const compare of [false, true]) {
    test(`heads pick, ${heads} of ${size}, ${alternatives} layers, compared ${compare}`, (t) => {
      torch.manualSeed(heads);
      const generator = torch.randint(alternatives, [heads * samples]);
      const choice = generator.toArray() as number[];
      const lengths = Array.from({ length: samples }, (_, b) => (b * 7) % 29);
      const rows = lengths.reduce((sum, length) => sum + length, 0);
      const leaf = (...shape: number[]) => torch.randn(shape, { requiresGrad: true });
      const layers = 2 * alternatives;
      const leaves = [
        leaf(rows, 11),
        ...Array.from({ length: layers }, () => leaf(heads * size, 11)),
        ...Array.from({ length: layers }, () => leaf(heads * size)),
      ];
      const run = ([x, ...parameters]: Tensor[]) => {
        const [weights, biases] = [parameters.slice(0, layers), parameters.slice(layers)];
        return select_linear(x, weights, biases, 2, choice, lengths, heads, { compare });
      };
      // In double precision, which LibTorch's own products compute.
      const exact = leaves.map((one) => one.detach().double().requiresGrad_());
      const [found, expected] = [run(leaves), run(exact)];
      for (const [n, one] of found.entries()) close(t, one, expected[n], `result ${n}`);
      const alone = torch.noGrad(() => run(leaves));
      for (const [n, one] of alone.entries()) close(t, one, expected[n], `no graph, result ${n}`);
      const picked = compare ? [0, alternatives] : [0, 1];
      const dys = picked.map((n) => torch.randnLike(found[n]));
      // Of both projections, and of one alone.
      for (const few of [picked, picked.slice(1)]) {
        const options = { allowUnused: true };
        const outs = (all: Tensor[]) => few.map((n) => all[n]);
        const dOuts = few.map((n) => dys[picked.indexOf(n)]);
        const slopes = torch.grad(outs(found), leaves, {
          ...options,
          gradOutputs: dOuts,
          retainGraph: true,
        });
        const exactly = torch.grad(outs(expected), exact, {
          ...options,
          gradOutputs: dOuts.map((one) => one.double()),
          retainGraph: true,
        });
        for (const [n, slope] of slopes.entries()) {
          t.is(slope === null, exactly[n] === null, `gradient ${n}`);
          if (slope) close(t, slope, exactly[n]!, `gradient ${n}`);
        }
      }
    });
  }
}

test("heads that pick among frozen layers have the input's gradient alone", (t) => {
  torch.manualSeed(3);
  const [weights, biases] = [
    [torch.randn([6, 5]), torch.randn([6, 5])],
    [torch.zeros([6]), torch.ones([6])],
  ];
  const x = torch.randn([4, 5], { requiresGrad: true });
  const exact = x.detach().double().requiresGrad_();
  const double = (all: Tensor[]) => all.map((one) => one.double());
  const run = (input: Tensor, ws: Tensor[], bs: Tensor[]) =>
    select_linear(input, ws, bs, 1, [0, 1, 1, 1, 0, 0], [1, 3], 3)[0].square().sum();
  run(x, weights, biases).backward();
  run(exact, double(weights), double(biases)).backward();
  close(t, x.grad!, exact.grad!, "dx");
});
