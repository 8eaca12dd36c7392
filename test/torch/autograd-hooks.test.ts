import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { runScript } from "./child";
import { loose, looseMethods } from "./support";

const leaf = (values: number[]) => torch.tensor(values, { dtype: "float64", requiresGrad: true });
const count = () => torch.memory().tensors;

test("a hook sees the gradient of a leaf and of an inner tensor", (t) => {
  const seen: Record<string, unknown> = {};
  const x = leaf([1, 2]);
  const y = x.mul(3);
  x.registerHook((gradient) => {
    seen.x = gradient.toArray();
  });
  y.registerHook((gradient) => {
    seen.y = gradient.toArray();
  });
  y.mul(y).sum().backward();
  t.deepEqual(seen, { y: [6, 12], x: [18, 36] });
  t.deepEqual(x.grad!.toArray(), [18, 36]);
});

test("a hook's result goes on in the gradient's place, one hook after the other", (t) => {
  const x = leaf([1]);
  const y = x.mul(2);
  y.registerHook((gradient) => gradient.mul(10));
  y.registerHook((gradient) => gradient.add(1));
  y.registerHook(() => null);
  y.registerHook(() => undefined);
  y.sum().backward();
  t.deepEqual(x.grad!.toArray(), [22]);
});

test("hooks of several outputs of one operator see their own", (t) => {
  const x = leaf([1, 2, 3, 4]);
  const [first, second] = x.split(2);
  second.registerHook((gradient) => gradient.mul(100));
  first.registerHook((gradient) => gradient.mul(10));
  first.add(second).sum().backward();
  t.deepEqual(x.grad!.toArray(), [10, 10, 100, 100]);
});

test("a removed hook is called no more", (t) => {
  const x = leaf([1]);
  let calls = 0;
  const handles = [1, 2].map(() => x.registerHook(() => void calls++));
  x.mul(1).sum().backward();
  t.is(calls, 2);
  handles[0].remove();
  handles[0].remove();
  x.mul(1).sum().backward();
  t.is(calls, 3);
  {
    using _ = handles[1];
  }
  x.mul(1).sum().backward();
  t.is(calls, 3);
});

test("hooks may remove themselves and each other, and add others, while they run", (t) => {
  const x = leaf([1]);
  const called: string[] = [];
  const first = x.registerHook(() => {
    called.push("first");
    first.remove();
    second.remove();
    x.registerHook(() => void called.push("third"));
  });
  const second = x.registerHook(() => void called.push("second"));
  x.mul(1).sum().backward();
  t.deepEqual(called, ["first"]);
  x.mul(1).sum().backward();
  t.deepEqual(called, ["first", "third"]);
});

test("grad calls hooks too, and those of what is not needed stay silent", (t) => {
  const [x, w] = [leaf([2]), leaf([3])];
  const called: string[] = [];
  x.registerHook(() => void called.push("x"));
  w.registerHook(() => void called.push("w"));
  torch.grad([x.mul(w).sum()], [x]);
  t.deepEqual(called, ["x"]);
});

test("hooks run in createGraph, and what they compute is differentiated", (t) => {
  const x = leaf([3]);
  const scale = leaf([5]);
  const y = x.mul(x);
  y.registerHook((gradient) => gradient.mul(scale));
  const [dx] = torch.grad([y.sum()], [x], { createGraph: true });
  t.deepEqual(dx.toArray(), [30]);
  const [dScale] = torch.grad([dx.sum()], [scale]);
  t.deepEqual(dScale.toArray(), [6]);
  const plain = leaf([3]);
  plain.registerHook((gradient) => {
    t.false(gradient.mul(scale).requiresGrad);
  });
  plain.mul(2).sum().backward();
});

test("a hook on what is changed in place afterwards sees the gradient of before", (t) => {
  const x = leaf([1]);
  const y = x.mul(2);
  const seen: unknown[] = [];
  y.registerHook((gradient) => void seen.push(gradient.item()));
  y.mul_(7);
  y.sum().backward();
  t.deepEqual(seen, [7]);
});

test("after accumulation a leaf's grad is complete", (t) => {
  const x = leaf([1, 2]);
  const sums: unknown[] = [];
  const handle = x.registerPostAccumulateGradHook((same) => {
    t.true(same.isSame(x));
    sums.push(same.grad!.toArray());
    same.grad = null;
  });
  x.registerPostAccumulateGradHook((same) => void sums.push(same.grad));
  x.mul(2).add(x.mul(3)).sum().backward();
  t.deepEqual(sums, [[5, 5], null]);
  t.is(x.grad, null);
  handle.remove();
  x.sum().backward();
  t.deepEqual(x.grad!.toArray(), [1, 1]);
});

test("an optimizer's step in a hook: gradients are gone before the next leaf has its own", (t) => {
  const weights = Array.from({ length: 4 }, () => leaf([1, 1]));
  let most = 0;
  for (const weight of weights) {
    weight.registerPostAccumulateGradHook((w) => {
      most = Math.max(most, weights.filter(({ grad }) => grad !== null).length);
      torch.noGrad(() => w.sub_(w.grad!));
      w.grad = null;
    });
  }
  weights
    .reduce((x, w) => x.mul(w), torch.ones([2], { dtype: "float64" }))
    .sum()
    .backward();
  t.is(most, 1);
  t.deepEqual(
    weights.map((w) => w.toArray()),
    Array(4).fill([0, 0]),
  );
});

test("an error in a hook is the error of backward, the very same", (t) => {
  class Mine extends Error {}
  const mine = new Mine("mine");
  const x = leaf([1]);
  const handle = x.registerHook(() => {
    throw mine;
  });
  t.is(
    t.throws(() => x.mul(2).sum().backward()),
    mine,
  );
  t.is(
    t.throws(() => torch.grad([x.mul(2).sum()], [x])),
    mine,
  );
  handle.remove();
  const thrown = { no: "error" };
  const other = x.registerHook(() => {
    throw thrown;
  });
  t.throws(() => x.mul(2).sum().backward(), { is: thrown as never, any: true });
  other.remove();
  x.grad = null;
  x.mul(2).sum().backward();
  t.deepEqual(x.grad!.toArray(), [2]);
  t.throws(
    () => {
      x.registerHook((gradient) => gradient.view([7]));
      x.mul(2).sum().backward();
    },
    { instanceOf: torch.TorchError, message: /view/ },
  );
});

test("backward inside of a hook, nested a few times", (t) => {
  const depth = 20;
  const inner = leaf([0]);
  let calls = 0;
  const nest = (left: number) => {
    const x = leaf([1]);
    x.registerHook(() => {
      calls++;
      if (left > 0) torch.enableGrad(() => nest(left - 1));
    });
    x.mul(2).add(inner).sum().backward();
  };
  nest(depth);
  t.is(calls, depth + 1);
  t.deepEqual(inner.grad!.toArray(), [depth + 1]);
});

test("backward inside of a hook too deep is an error, and no crash", (t) => {
  const nest = (left: number) => {
    const x = leaf([1]);
    x.registerHook(() => {
      if (left > 0) torch.enableGrad(() => nest(left - 1));
    });
    x.mul(2).sum().backward();
  };
  t.throws(() => nest(100), { instanceOf: torch.TorchError, message: /thread.*60 deep/s });
  const x = leaf([1]);
  x.registerHook((gradient) => gradient.mul(3));
  x.mul(2).sum().backward();
  t.deepEqual(x.grad!.toArray(), [6]);
});

test("wrong calls say what is wrong", (t) => {
  const plain = torch.ones([2]);
  t.throws(() => plain.registerHook(() => {}), {
    instanceOf: torch.TorchError,
    message: /registerHook.*requires gradients/s,
  });
  const x = leaf([1, 2]);
  t.throws(() => x.mul(2).registerPostAccumulateGradHook(() => {}), {
    instanceOf: torch.TorchError,
    message: /leaf/,
  });
  t.throws(() => looseMethods(x).registerHook(5), {
    instanceOf: TypeError,
    message: "registerHook: expected a function, given 5",
  });
  const wrong: [unknown, RegExp][] = [
    [() => 5, /registerHook: expected a Tensor, given 5/],
    [async () => {}, /registerHook.*synchronous/s],
    [() => torch.ones([3], { dtype: "float64" }), /registerHook.*size/s],
    [() => torch.ones([2], { dtype: "int64" }), /registerHook.*type/s],
  ];
  for (const [hook, message] of wrong) {
    const handle = looseMethods(x).registerHook(hook) as { remove(): void };
    t.throws(() => x.mul(2).sum().backward(), { message });
    handle.remove();
  }
  t.throws(() => loose.grad(x.mul(2).sum(), [x], { gradOutput: x }), { instanceOf: TypeError });
});

test("what a hook gets and makes is freed when it returns, what it keeps is not", (t) => {
  const x = leaf([1, 2]);
  let [kept, lost] = [] as Tensor[];
  x.registerHook((gradient) => {
    kept = torch.keep(gradient.mul(5));
    lost = gradient;
  });
  const y = x.mul(2).sum();
  const before = count();
  y.backward();
  t.is(count(), before + 1);
  t.deepEqual(kept.toArray(), [10, 10]);
  t.throws(() => lost.toArray(), { instanceOf: TypeError, message: /disposed.*keep/s });
});

test("a scope frees the tensors of a graph, not what its hooks need", (t) => {
  const x = leaf([2]);
  const y = torch.scope(() => {
    const factor = torch.keep(torch.tensor([4], { dtype: "float64" }));
    const inner = x.mul(3);
    inner.registerHook((gradient) => gradient.mul(factor));
    return inner.mul(5).sum();
  });
  y.backward();
  t.deepEqual(x.grad!.toArray(), [60]);
});

test("a thousand hooks leave no tensor", (t) => {
  const x = leaf([1]);
  torch.scope(() => x.mul(2).sum().backward());
  const before = torch.memory();
  for (let n = 0; n < 1000; n++) {
    torch.scope(() => {
      const y = x.mul(2);
      y.registerHook((gradient) => gradient.mul(y.detach()));
      const handle = x.registerHook((gradient) => gradient.mul(0));
      y.sum().backward();
      handle.remove();
    });
  }
  t.deepEqual(torch.memory(), before);
});

test("hooks are freed with their graph, and those removed at once", (t) => {
  const { status, stdout, stderr } = runScript("autograd-scripts.ts", ["collect"], ["--expose-gc"]);
  t.is(status, 0, stderr);
  t.deepEqual(JSON.parse(stdout), {
    graph: true,
    removed: true,
    function: true,
    checkpoint: true,
    held: false,
  });
});

test("a process ends well with hooks, Functions and checkpoints still there", (t) => {
  const { status, signal, stdout, stderr } = runScript("autograd-scripts.ts", ["hold"]);
  t.is(signal, null, stderr);
  t.deepEqual([status, stdout, stderr], [0, "held\n", ""]);
});

test("each worker calls its own hooks, and ends with them registered", (t) => {
  const { status, stdout, stderr } = runScript("autograd-scripts.ts", ["workers"]);
  t.is(stderr, "");
  t.is(status, 0);
  t.deepEqual(JSON.parse(stdout), {
    answers: [
      { thread: 1, gradient: [3, 3] },
      { thread: 2, gradient: [6, 6] },
    ],
    main: [2, 2],
  });
});

test("a worker that is stopped inside of a hook leaves a process that goes on", (t) => {
  const { status, signal, stdout, stderr } = runScript("autograd-scripts.ts", ["terminate"]);
  t.is(signal, null, stderr);
  t.is(status, 0, stderr);
  t.deepEqual(JSON.parse(stdout), { code: 1, gradient: [2] });
});
