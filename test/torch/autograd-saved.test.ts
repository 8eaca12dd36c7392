import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

const { savedTensorsHooks } = torch.autograd;
const leaf = (values: number[]) => torch.tensor(values, { dtype: "float64", requiresGrad: true });

test("what operators save goes through pack, and comes back through unpack", (t) => {
  const packed: unknown[] = [];
  const unpacked: unknown[] = [];
  const x = leaf([2, 3]);
  const y = savedTensorsHooks(
    (saved) => {
      packed.push(saved.toArray());
      return saved.toArray<number[]>();
    },
    (values) => {
      unpacked.push(values);
      return torch.tensor(values, { dtype: "float64" });
    },
    () => x.mul(x).exp(),
  );
  t.deepEqual(packed, [
    [2, 3],
    [2, 3],
    [Math.exp(4), Math.exp(9)],
  ]);
  t.deepEqual(unpacked, []);
  y.sum().backward();
  t.is(unpacked.length, 3);
  t.deepEqual(x.grad!.toArray(), [4 * Math.exp(4), 6 * Math.exp(9)]);
});

test("outside of the function nothing is packed, and inner hooks win", (t) => {
  const called: string[] = [];
  const named = (name: string, fn: () => Tensor) =>
    savedTensorsHooks(
      (saved) => {
        called.push(name);
        return saved;
      },
      (saved) => saved,
      fn,
    );
  const x = leaf([2]);
  named("outer", () => named("inner", () => x.exp()).exp()).exp();
  t.deepEqual(called, ["inner", "outer"]);
});

test("tensors that pack gives live with the graph, whatever scope made them", (t) => {
  const before = torch.memory();
  torch.scope(() => {
    const x = leaf([1, 2]);
    const y = torch.scope(() =>
      savedTensorsHooks(
        (saved) => ["bfloat16", saved.to("bfloat16"), { dtype: saved.dtype }] as const,
        ([name, half, { dtype }]) => {
          t.is(half.dtype, name);
          return half.to(dtype);
        },
        () => x.mul(x),
      ),
    );
    y.sum().backward(null, { retainGraph: true });
    y.sum().backward();
    t.deepEqual(x.grad!.toArray(), [4, 8]);
  });
  t.deepEqual(torch.memory(), before);
});

test("what is unpacked keeps its place in the graph: second derivatives", (t) => {
  const x = leaf([3]);
  const y = savedTensorsHooks(
    (saved) => saved.mul(1),
    (saved) => saved.mul(1),
    () => x.pow(3),
  );
  const [dx] = torch.grad([y.sum()], [x], { createGraph: true });
  const [ddx] = torch.grad([dx.sum()], [x]);
  t.deepEqual([dx.item(), ddx.item()], [27, 18]);
});

test("errors of pack and unpack come out as they are", (t) => {
  const mine = new RangeError("mine");
  const fail = () => {
    throw mine;
  };
  const x = leaf([3]);
  t.is(
    t.throws(() => savedTensorsHooks(fail, fail, () => x.exp())),
    mine,
  );
  const y = savedTensorsHooks(
    () => 5,
    fail,
    () => x.exp(),
  );
  t.is(
    t.throws(() => y.backward()),
    mine,
  );
  t.true(x.exp().requiresGrad);
});

test("wrong calls say what is wrong", (t) => {
  const x = leaf([3]);
  const same = (saved: Tensor) => saved;
  t.throws(() => savedTensorsHooks(same, 5 as never, () => x), {
    instanceOf: TypeError,
    message: "savedTensorsHooks: argument 'unpack': expected a function, given 5",
  });
  t.throws(() => savedTensorsHooks(same, same, async () => x), {
    instanceOf: TypeError,
    message: /synchronous/,
  });
  const gives = (value: unknown) =>
    savedTensorsHooks(
      same,
      () => value as Tensor,
      () => x.exp(),
    ).backward();
  t.throws(() => gives(5), { message: /savedTensorsHooks: unpack: expected a Tensor, given 5/ });
  t.throws(() => gives(null), { message: /savedTensorsHooks: unpack: expected a Tensor/ });
  t.throws(
    () =>
      savedTensorsHooks(
        (saved) => saved.add_(1),
        same,
        () => x.mul(2).exp(),
      ),
    {
      message: /in.?place/,
    },
  );
});
