import test, { type ExecutionContext } from "ava";
import * as torch from "../../src/torch";
import { ops, type Tensor } from "../../src/torch";

const { grouped_linear, permuted_rows } = ops.adaptune as unknown as {
  grouped_linear(x: Tensor, weights: Tensor[], biases: Tensor[], ends: Tensor): Tensor;
  permuted_rows(x: Tensor, order: Tensor, inverse: Tensor): Tensor;
};

const [ROWS, IN, OUT] = [12, 8, 16];
const endsOf = (ends: readonly number[]) => torch.tensor([...ends], { dtype: "int32" });

function close(
  t: ExecutionContext,
  actual: Tensor,
  expected: Tensor,
  tolerance: number,
  what: string,
) {
  const scale = Math.max(1, expected.abs().max().item());
  const off = actual.double().sub(expected).abs().max().item() / scale;
  t.true(off <= tolerance, `${what} is off by ${off}`);
}

/** Leaves of one precision, with the same numbers in float64. */
function leaf(shape: readonly number[], dtype: torch.DType, requiresGrad = true): [Tensor, Tensor] {
  const own = torch.randn([...shape]).to(dtype);
  const exact = own.double();
  return [own.requiresGrad_(requiresGrad), exact.detach().clone().requiresGrad_(requiresGrad)];
}

for (const [dtype, tolerance] of [
  ["float64", 1e-12],
  ["float32", 1e-5],
  ["bfloat16", 2e-2],
] as const) {
  for (const ends of [
    [5, 12],
    [0, 12],
    [12, 12],
    [4, 4, 12],
  ]) {
    for (const bias of [true, false]) {
      test(`groups up to ${ends} in ${dtype}, ${bias ? "with" : "without"} bias`, (t) => {
        torch.manualSeed(1);
        const trains = (g: number) => g < ends.length - 1;
        const x = leaf([ROWS, IN], dtype);
        const weights = ends.map((_, g) => leaf([OUT, IN], dtype, trains(g)));
        const biases = bias ? ends.map((_, g) => leaf([OUT], dtype, trains(g))) : [];
        const upstream = torch.randn([ROWS, OUT]).to(dtype);
        const of = (leaves: readonly [Tensor, Tensor][], n: 0 | 1) => leaves.map((one) => one[n]);
        const y = grouped_linear(x[0], of(weights, 0), of(biases, 0), endsOf(ends));
        y.backward(upstream);

        const expected = torch.cat(
          ends.map((end, g) => {
            const start = g === 0 ? 0 : ends[g - 1];
            const rows = x[1].narrow(0, start, end - start).matmul(weights[g][1].T);
            return bias ? rows.add(biases[g][1]) : rows;
          }),
        );
        expected.backward(upstream.double());
        close(t, y, expected, tolerance, "y");
        close(t, x[0].grad!, x[1].grad!, tolerance, "gradient of x");
        for (const [own, exact] of [...weights, ...biases]) {
          if (own.requiresGrad) close(t, own.grad!, exact.grad!, tolerance, "gradient");
          else t.is(own.grad, null);
        }
        torch.noGrad(() =>
          t.true(
            torch.equal(grouped_linear(x[0], of(weights, 0), of(biases, 0), endsOf(ends)), y),
            "without a graph",
          ),
        );
      });
    }
  }
}

test("weights that lie in one memory give the same", (t) => {
  const all = torch.randn([2, OUT, IN]);
  const x = torch.randn([ROWS, IN]);
  const apart = all.unbind(0).map((weight) => weight.clone());
  t.true(ops.adaptune._are_adjacent(all.unbind(0)) as unknown as boolean);
  t.false(ops.adaptune._are_adjacent(apart) as unknown as boolean);
  t.false(ops.adaptune._are_adjacent(all.unbind(0).reverse()) as unknown as boolean);
  const run = (weights: Tensor[]) => grouped_linear(x, weights, [], endsOf([3, 12]));
  t.true(torch.equal(run(all.unbind(0)), run(apart)));
});

test("rows go to their places and their gradient back", (t) => {
  const x = torch.randn([4, 3]).requiresGrad_(true);
  const order = torch.tensor([2, 0, 3, 1], { dtype: "int64" });
  const y = permuted_rows(x, order, order.argsort());
  t.true(torch.equal(y, x.indexSelect(0, order)));
  const upstream = torch.randn([4, 3]);
  y.backward(upstream);
  t.true(torch.equal(x.grad!.indexSelect(0, order), upstream));
});

test("what does not fit is told", (t) => {
  const x = torch.randn([ROWS, IN]);
  const weights = [torch.randn([OUT, IN]), torch.randn([OUT, IN])];
  const refused = (message: RegExp, ...args: Parameters<typeof grouped_linear>) =>
    t.throws(() => grouped_linear(...args), { instanceOf: torch.TorchError, message });
  refused(
    /argument 'x': expected floating-point rows/,
    x.unsqueeze(0),
    weights,
    [],
    endsOf([3, 12]),
  );
  refused(/argument 'weights\[1\]': expected/, x, [weights[0], x], [], endsOf([3, 12]));
  refused(/argument 'biases\[0\]': expected/, x, weights, weights, endsOf([3, 12]));
  refused(/argument 'ends': expected Int of shape \[2\]/, x, weights, [], endsOf([12]));
  refused(/argument 'ends': expected ascending numbers up to 12/, x, weights, [], endsOf([3, 13]));
  const late = [weights[0], weights[1].clone().requiresGrad_(true)];
  refused(
    /'weights\[1\]': has a gradient, but one before it has none/,
    x,
    late,
    [],
    endsOf([3, 12]),
  );
  const order = torch.zeros([3], { dtype: "int64" });
  t.throws(() => permuted_rows(x, order, order), { message: /expected Long of shape \[12\]/ });
});
