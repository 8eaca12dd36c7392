import test from "ava";
import { Linear } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { runScript } from "./child";

const { scope } = torch;
const count = () => torch.memory().tensors;

test("ten thousand operations in a scope leave no tensor and no byte", (t) => {
  const x = torch.ones([8]);
  const before = torch.memory();
  const total = scope(() => {
    let sum = 0;
    for (let n = 0; n < 10_000; n++) sum += Number(x.mul(n).sum().item());
    t.true(count() >= before.tensors + 10_000);
    return sum;
  });
  t.is(total, 8 * 49_995_000);
  t.deepEqual(torch.memory(), before);
});

test("a scope an iteration keeps memory level, gradients included", (t) => {
  const w = torch.randn([16, 16], { requiresGrad: true });
  const x = torch.randn([4, 16]);
  scope(() => x.matmul(w).sum().backward());
  const before = torch.memory();
  for (let n = 0; n < 1000; n++) {
    scope(() => {
      x.matmul(w).relu().sum().backward();
      w.grad!.zero_();
    });
  }
  t.deepEqual(torch.memory(), before);
});

test("memory counts tensors, and storage once", (t) => {
  const before = torch.memory();
  const x = torch.zeros([1000]);
  t.deepEqual(torch.memory(), { tensors: before.tensors + 1, bytes: before.bytes + 4000 });
  const view = x.view([10, 100]);
  t.deepEqual(torch.memory(), { tensors: before.tensors + 2, bytes: before.bytes + 4000 });
  x.dispose();
  t.deepEqual(torch.memory(), { tensors: before.tensors + 1, bytes: before.bytes + 4000 });
  view.dispose();
  t.deepEqual(torch.memory(), before);
});

class Pair {
  constructor(
    readonly first: Tensor,
    readonly rest: { deeper: Tensor[] },
  ) {}
}

for (const [what, wrap] of [
  ["a tensor", (x) => x],
  ["an array", (x) => [3, x]],
  ["an object", (x) => ({ x, name: "x" })],
  ["a Map", (x) => new Map([["x", x]])],
  ["a Map's keys", (x) => new Map([[x, 1]])],
  ["a Set", (x) => new Set([x])],
  ["an instance", (x) => new Pair(x, { deeper: [] })],
  ["a module", (x) => Object.assign(new Linear(1, 1), { buffer: x })],
  ["deep nesting", (x) => [{ a: new Map([["b", [new Pair(torch.ones([1]), { deeper: [x] })]]]) }]],
  [
    "a circle",
    (x) => {
      const circle: Record<string, unknown> = { x };
      circle.self = circle;
      return [circle];
    },
  ],
] as [string, (x: Tensor) => unknown][]) {
  test(`a scope's result keeps what it reaches: ${what}`, (t) => {
    let [kept, lost] = [] as Tensor[];
    const result = scope(() => {
      lost = torch.ones([2]).mul(3);
      kept = torch.ones([2]).add(1);
      return wrap(kept);
    });
    t.truthy(result);
    t.deepEqual(kept.toArray(), [2, 2]);
    t.true(lost.isDisposed);
  });
}

test("what the result does not reach is disposed, and says so", (t) => {
  let outside!: Tensor;
  scope(() => {
    outside = torch.ones([2]);
  });
  t.true(outside.isDisposed);
  t.throws(() => outside.add(1), { instanceOf: TypeError, message: /disposed.*scope/s });
});

test("keep takes a tensor out of every scope", (t) => {
  let outside!: Tensor;
  const before = count();
  scope(() => {
    scope(() => {
      outside = torch.keep(torch.ones([2]));
    });
    t.false(outside.isDisposed);
  });
  t.deepEqual(outside.toArray(), [1, 1]);
  outside.dispose();
  t.is(count(), before);
});

test("scopes nest: results move one scope out, all else goes with its own", (t) => {
  const before = count();
  let inner!: Tensor;
  scope(() => {
    const own = torch.zeros([1]);
    inner = scope(() => {
      const unused = own.add(1);
      return unused.add(1);
    });
    t.is(count(), before + 2);
    t.false(own.isDisposed || inner.isDisposed);
  });
  t.true(inner.isDisposed);
  t.is(count(), before);
});

test("a thousand scopes deep, each frees its own and passes its result on", (t) => {
  const before = count();
  const nest = (depth: number): Tensor =>
    scope(() => {
      const one = torch.ones([1]);
      return depth > 1 ? nest(depth - 1).add(one) : one;
    });
  const sum = nest(1000);
  t.is(sum.item(), 1000);
  t.is(count(), before + 1);
});

test("a leaf keeps the gradient that a scope made", (t) => {
  const w = torch.ones([2], { requiresGrad: true });
  scope(() => w.mul(3).sum().backward());
  t.deepEqual(w.grad!.toArray(), [3, 3]);
  scope(() => {
    w.grad = torch.zeros([2]);
  });
  t.deepEqual(w.grad!.toArray(), [0, 0]);
});

test("a scope's result may be a tensor from outside, which stays where it is", (t) => {
  const before = count();
  scope(() => {
    const mine = torch.ones([1]);
    t.is(
      scope(() => mine),
      mine,
    );
    t.is(scope(() => [mine, mine])[1], mine);
  });
  t.is(count(), before);
  const outer = torch.ones([1]);
  scope(() => scope(() => outer));
  t.false(outer.isDisposed);
});

test("an error leaves its scopes, frees their tensors and passes through", (t) => {
  const before = count();
  const error = t.throws(() =>
    scope(() => {
      torch.ones([2]);
      return scope(() => {
        torch.ones([3]);
        throw new RangeError("mine");
      });
    }),
  );
  t.is(error?.message, "mine");
  t.is(count(), before);
  t.is(scope(() => torch.ones([1])).item(), 1);
  t.throws(() => scope(() => torch.ones([2]).view([3])), { instanceOf: torch.TorchError });
  t.is(count(), before + 1);
});

test("an asynchronous function is refused and its scope left", async (t) => {
  const before = count();
  const run = scope as (fn: () => unknown) => unknown;
  t.throws(() => run(async () => torch.ones([1])), { instanceOf: TypeError });
  t.throws(() => run(() => Promise.reject(new Error("late"))), { instanceOf: TypeError });
  t.is(count(), before);
  await null; // the refused promises fail now, and nobody is told
});

test("a scope does not hold what was disposed in it", (t) => {
  scope(() => {
    const before = torch.memory();
    const x = torch.zeros([100_000]);
    x.dispose();
    x.dispose();
    t.deepEqual(torch.memory(), before);
    t.true(x.isDisposed);
  });
});

test("a view outlives its base", (t) => {
  const base = torch.arange(6, { dtype: "float32" });
  const view = base.view([2, 3]).select(0, 1);
  base.dispose();
  t.deepEqual(view.toArray(), [3, 4, 5]);
  const row = scope(() => torch.ones([2, 2]).index(1));
  t.deepEqual(row.toArray(), [1, 1]);
});

test("a graph outlives its tensors", (t) => {
  const w = torch.tensor([2, 3], { requiresGrad: true });
  const loss = scope(() =>
    w
      .mul(w)
      .exp()
      .log()
      .mul(torch.tensor([1, 10]))
      .sum(),
  );
  const { tensors } = torch.memory();
  loss.backward();
  t.is(torch.memory().tensors, tensors);
  t.deepEqual(w.grad!.toArray<number[]>().map(Math.round), [4, 60]);
});

test("a leaf disposed by one handle still receives its gradient by another", (t) => {
  const w = torch.tensor([2], { requiresGrad: true });
  const y = w.mul(w).sum();
  const alias = scope(() => w.view([1]));
  w.dispose();
  y.backward();
  t.deepEqual(alias.toArray(), [2]);
});

test("using disposes at the end of the block", (t) => {
  const before = count();
  let outside: Tensor;
  {
    using x = torch.ones([2]);
    using y = x.add(1);
    outside = y;
    t.is(y.sum().item(), 4);
  }
  t.true(outside.isDisposed);
  t.is(count(), before + 1); // the sum
});

test("errors and refused calls make no tensor", (t) => {
  const x = torch.ones([2, 3]);
  const before = count();
  for (let n = 0; n < 100; n++) t.throws(() => x.matmul(x));
  t.is(count(), before);
});

test("multiple results are each a tensor of the scope", (t) => {
  const before = count();
  scope(() => {
    const [values, indices] = torch.randn([5]).sort();
    t.is(count(), before + 3);
    t.is(values.numel() + indices.numel(), 10);
    torch.randn([6]).split(2);
    t.is(count(), before + 7);
  });
  t.is(count(), before);
});

test("unscoped tensors are freed when nothing refers to them any more", (t) => {
  const { status, stdout, stderr } = runScript("collect.ts", [], ["--expose-gc"]);
  t.is(status, 0, stderr);
  const { made, left, bytesLeft, heldIsAlive } = JSON.parse(stdout);
  t.is(made, 20_000);
  t.true(left < 200, `${left} of ${made} are left`);
  t.true(bytesLeft < 2_000_000, `${bytesLeft} bytes are left`);
  t.true(heldIsAlive);
});

test("large unscoped tensors do not fill the memory of a loop with turns", (t) => {
  const { status, stdout, stderr, signal } = runScript("collect.ts", ["large"]);
  t.is(status, 0, `${signal} ${stderr}`);
  const { peak } = JSON.parse(stdout);
  t.true(peak < 1.5e9, `${peak} bytes at the peak`);
});
