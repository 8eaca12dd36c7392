import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import type { loose } from "./support";

const { gradcheck, gradgradcheck, GradcheckError } = torch.autograd;
const randn = (shape: number[], seed = 1) => {
  torch.manualSeed(seed);
  return torch.randn(shape, { dtype: "float64", requiresGrad: true });
};

type Context = torch.autograd.FunctionContext;

/** x * factor, with `backward` for its gradient. */
const wrong = (backward: (gradient: Tensor, x: Tensor) => Tensor) => {
  class Wrong extends torch.autograd.Function {
    static forward(ctx: Context, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.mul(x);
    }
    static backward(ctx: Context, gradient: Tensor): Tensor {
      return backward(gradient, ctx.savedTensors[0]);
    }
  }
  return (x: Tensor) => Wrong.apply(x);
};

const right: [string, (...inputs: Tensor[]) => Tensor | Tensor[], Tensor[]][] = [
  ["a product", (a, b) => a.matmul(b), [randn([2, 3]), randn([3, 2], 2)]],
  ["a softmax", (x) => x.softmax(-1), [randn([2, 3])]],
  ["several results, one of integers", (x) => [...x.sort(), x.exp()].map((y) => y), [randn([4])]],
  ["an input without gradients", (x, k) => x.mul(k), [randn([3]), torch.ones([3])]],
  ["no dimensions", (x) => x.sin(), [randn([])]],
  ["a transposed input", (x) => x.pow(3), [randn([2, 3]).detach().t().requiresGrad_()]],
  [
    "a result that depends on one input only",
    (a, b) => [a.exp(), b.sin()],
    [randn([2]), randn([2])],
  ],
  [
    "layer norm",
    (x, w, b) => torch.layerNorm(x, [3], w, b),
    [randn([2, 3]), randn([3]), randn([3])],
  ],
];

for (const [name, fn, inputs] of right) {
  test(`gradients are right: ${name}`, (t) => {
    const before = inputs.map((input) => input.toArray());
    t.true(gradcheck(fn, inputs));
    t.true(gradgradcheck(fn, inputs));
    t.deepEqual(
      inputs.map((input) => input.toArray()),
      before,
    );
    t.true(inputs.every(({ grad }) => grad === null));
  });
}

test("a wrong gradient is found, and told", (t) => {
  const x = randn([2]);
  const fn = wrong((gradient, x) => gradient.mul(x).mul(2.01));
  t.throws(() => gradcheck(fn, [x]), {
    instanceOf: GradcheckError,
    message:
      /output 0 by input 0: the gradient of element 0 by element 0 is .* difference quotient/,
  });
  t.false(gradcheck(fn, x, { raiseException: false }));
  t.true(gradcheck(fn, x, { rtol: 0.1 }));
});

test("a wrong second derivative is found where the first is right", (t) => {
  const detached = wrong((gradient, x) => gradient.mul(x.detach()).mul(2));
  t.true(gradcheck(detached, [randn([2])]));
  t.throws(() => gradgradcheck(detached, [randn([2])]), { instanceOf: GradcheckError });
});

test("a backward that ignores its gradient is found", (t) => {
  const x = randn([1]);
  const ignores = wrong((_, x) => x.mul(2));
  t.throws(() => gradcheck(ignores, [x]), {
    instanceOf: GradcheckError,
    message: /not multiplied by the gradient/,
  });
});

test("a backward that is different each time is found, unless that is allowed", (t) => {
  let calls = 0;
  const drifts = wrong((gradient, x) => gradient.mul(x).mul(2 + 1e-7 * calls++));
  t.throws(() => gradcheck(drifts, [randn([2])]), {
    instanceOf: GradcheckError,
    message: /two backward passes differ/,
  });
  t.true(gradcheck(drifts, [randn([2])], { nondetTol: 1e-3 }));
});

test("what the function closes over counts as its inputs do", (t) => {
  const w = randn([2, 2]);
  t.true(gradcheck(() => w.matmul(w), [w]));
});

test("given gradients of outputs weigh second derivatives", (t) => {
  t.true(gradgradcheck((x) => x.pow(3), [randn([2])], [randn([2], 5)]));
});

test("checks leave no tensor", (t) => {
  const x = randn([3]);
  const before = torch.memory();
  gradgradcheck((x) => x.sin(), [x]);
  t.throws(() =>
    gradcheck(
      wrong((gradient) => gradient.mul(1)),
      [x],
    ),
  );
  t.deepEqual(torch.memory(), before);
});

test("wrong calls say what is wrong", (t) => {
  const { gradcheck: any } = torch.autograd as unknown as typeof loose;
  const x = randn([2]);
  const cases: [() => unknown, RegExp][] = [
    [() => any(5, [x]), /gradcheck: expected a function, given 5/],
    [() => gradcheck((x) => x, [torch.ones([2])]), /requires gradients, given none/],
    [() => gradcheck((x) => x, [torch.ones([2], { requiresGrad: true })]), /float64.*float32/],
    [() => any((x: Tensor) => x, [x], { tolerance: 1 }), /eps.*'tolerance'/],
    [() => any(() => 5, [x]), /gives Tensors, given 5/],
    [
      () => gradcheck((x) => x, [randn([1]).detach().expand([3]).requiresGrad_()]),
      /elements of their own.*clone/,
    ],
  ];
  for (const [call, message] of cases) t.throws(call, { instanceOf: TypeError, message });
});
