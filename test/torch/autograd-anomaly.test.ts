import test from "ava";
import * as torch from "../../src/torch";

const { detectAnomaly, isAnomalyEnabled } = torch.autograd;
const leaf = (values: number[]) => torch.tensor(values, { requiresGrad: true });

function callsSqrt(x: torch.Tensor) {
  return x.sqrt();
}

test("a NaN in backward names the backward and where its operator was called", (t) => {
  const error = t.throws(
    () =>
      detectAnomaly(() => {
        callsSqrt(leaf([-1, 4]))
          .mul(2)
          .sum()
          .backward();
      }),
    { instanceOf: torch.TorchError },
  );
  t.regex(error!.message, /^backward: Function 'SqrtBackward0' returned nan values/);
  t.regex(
    error!.message,
    /SqrtBackward0 is the backward of the operator called\n +at callsSqrt \(/,
  );
  t.regex(error!.message, /autograd-anomaly\.test\.ts:\d+:\d+/);
  t.notRegex(error!.message, /src\/torch|dispatch/);
});

test("without it a NaN is a NaN", (t) => {
  const x = leaf([-1]);
  callsSqrt(x).sum().backward();
  t.true(Number.isNaN(x.grad!.item()));
});

test("grad tells too, and other errors of a backward", (t) => {
  const x = leaf([-1]);
  t.throws(() => detectAnomaly(() => torch.grad([callsSqrt(x).sum()], [x])), {
    message: /^grad: .*SqrtBackward0.*callsSqrt/s,
  });
  t.throws(
    () =>
      detectAnomaly(() => {
        const y = leaf([1, 2]).mul(1);
        const z = y.exp();
        z.add_(1);
        z.sum().backward();
      }),
    { message: /inplace.*ExpBackward0 is the backward of the operator called\n/s },
  );
});

test("checkNan false tells of errors alone", (t) => {
  const x = leaf([-1]);
  detectAnomaly(() => callsSqrt(x).sum().backward(), { checkNan: false });
  t.true(Number.isNaN(x.grad!.item()));
});

test("operators called before say so", (t) => {
  const y = callsSqrt(leaf([-1])).sum();
  t.throws(() => detectAnomaly(() => y.backward()), {
    message: /SqrtBackward0 was recorded outside of torch\.autograd\.detectAnomaly/,
  });
});

function differentiates(x: torch.Tensor) {
  const [dx] = torch.grad([x.pow(1.5).sum()], [x], { createGraph: true });
  return dx;
}

test("a NaN in a second derivative tells of the operator and of the backward that called it", (t) => {
  const error = t.throws(() =>
    detectAnomaly(() =>
      differentiates(leaf([0]))
        .mul(0)
        .sum()
        .backward(),
    ),
  );
  const [, inner, outer] = error!.message.split(/PowBackward0 is the|which the backward of PowB/);
  t.regex(inner, /backward of the operator called\n +at differentiates \(/);
  t.regex(outer, /^ackward0 called, itself of the operator called\n +at differentiates \(/);
});

test("the mode nests, ends with an error, and passes results and errors through", (t) => {
  t.false(isAnomalyEnabled());
  t.is(
    detectAnomaly(() => {
      detectAnomaly(() => t.true(isAnomalyEnabled()));
      t.true(isAnomalyEnabled());
      return 5;
    }),
    5,
  );
  const mine = new RangeError("mine");
  const error = t.throws(() =>
    detectAnomaly(() => {
      throw mine;
    }),
  );
  t.is(error, mine);
  t.false(isAnomalyEnabled());
  const x = leaf([1]);
  x.registerHook(() => {
    throw mine;
  });
  t.is(
    t.throws(() => detectAnomaly(() => x.mul(2).sum().backward())),
    mine,
  );
  t.throws(() => x.mul(1).view([9]), { message: /^(?!.*backward of)/ });
});

test("a Function is told of by its name", (t) => {
  class Bad extends torch.autograd.Function {
    static forward(_: torch.autograd.FunctionContext, x: torch.Tensor) {
      return x.clone();
    }
    static backward(_: torch.autograd.FunctionContext, gradient: torch.Tensor) {
      return gradient.mul(Number.NaN);
    }
  }
  t.throws(
    () =>
      detectAnomaly(() =>
        Bad.apply(leaf([1]))
          .sum()
          .backward(),
      ),
    {
      message: /'BadBackward' returned nan.*BadBackward is the backward of the operator called\n/s,
    },
  );
});

test("wrong calls say what is wrong", (t) => {
  t.throws(() => detectAnomaly(5 as never), { message: /detectAnomaly: expected a function/ });
  t.throws(() => detectAnomaly(async () => 1), { message: /detectAnomaly.*synchronous/ });
  t.throws(() => detectAnomaly(() => 1, { nan: true } as never), { message: /checkNan.*'nan'/ });
});
