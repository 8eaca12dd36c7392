import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { same } from "./support";

const float64 = { dtype: "float64" } as const;
const leaf = (shape: number[], seed = 0) => {
  torch.manualSeed(seed);
  return torch.randn(shape, { ...float64, requiresGrad: true });
};
const { checkpoint } = torch;

/** The gradients of the sum of what `fn` gives, by the leaves. */
function gradients(fn: () => Tensor, leaves: Tensor[]): Tensor[] {
  return torch.scope(() => torch.grad([fn().cos().sum()], leaves));
}

test("results and gradients are those without a checkpoint, to the bit", (t) => {
  const [x, w, v] = [leaf([3, 4], 1), leaf([4, 5], 2), leaf([5, 4], 3)];
  const block = (x: Tensor) =>
    torch
      .layerNorm(torch.gelu(x.matmul(w)), [5])
      .matmul(v)
      .add(x);
  const plain = () => block(block(x));
  const checked = () => checkpoint(block, checkpoint(block, x));
  t.deepEqual(checked().toArray(), plain().toArray());
  const expected = gradients(plain, [x, w, v]);
  for (const [n, gradient] of gradients(checked, [x, w, v]).entries()) {
    same(t, gradient, expected[n], `gradient ${n}`, 0);
  }
});

test("weights get their gradients though no argument requires any", (t) => {
  const x = torch.ones([2, 3], float64);
  const w = leaf([3, 3]);
  const layer = (x: Tensor) => x.matmul(w).tanh().matmul(w);
  checkpoint(layer, x).sum().backward();
  const gradient = w.grad!;
  w.grad = null;
  layer(x).sum().backward();
  same(t, gradient, w.grad!, "gradient", 0);
  w.grad = null;
  checkpoint(() => layer(x))
    .sum()
    .backward();
  same(t, gradient, w.grad!, "gradient without arguments", 0);
});

test("nothing is kept in between: the function runs again, up to the last thing saved", (t) => {
  const w = leaf([4, 4]);
  const ran: string[] = [];
  const y = checkpoint(
    (x: Tensor) => {
      ran.push("first");
      const inner = x.matmul(w).exp();
      ran.push("second");
      const outer = inner.sin();
      ran.push("end");
      return outer;
    },
    leaf([2, 4]),
  );
  t.deepEqual(ran, ["first", "second", "end"]);
  y.sum().backward();
  t.deepEqual(ran, ["first", "second", "end", "first", "second"]);
});

test("dropout is the same in the second run, and the stream of random numbers as without one", (t) => {
  const x = leaf([200]);
  const drop = (x: Tensor) => torch.dropout(x.exp(), 0.5, true).mul(x);
  const run = (fn: (x: Tensor) => Tensor) => {
    torch.manualSeed(7);
    const y = fn(x);
    const between = torch.rand([3]);
    const [gradient] = torch.grad([y.sum()], [x]);
    return [y, between, gradient, torch.rand([3])];
  };
  const expected = run(drop);
  for (const [n, one] of run((x) => checkpoint(drop, x)).entries()) {
    same(t, one, expected[n], `value ${n}`, 0);
  }
  const careless = run((x) => checkpoint.with({ preserveRngState: false })(drop, x));
  t.true(torch.equal(careless[0], expected[0]));
  t.false(torch.equal(careless[2], expected[2]));
});

test("autocast is the same in the second run", (t) => {
  const [x, w] = [leaf([3, 4]).float().detach(), leaf([4, 4]).float().detach().requiresGrad_()];
  const block = (x: Tensor) => x.matmul(w).softmax(-1).matmul(w);
  const run = (fn: () => Tensor) => {
    const y = torch.autocast("cpu", fn);
    return torch.grad([y.sum()], [w])[0];
  };
  same(
    t,
    run(() => checkpoint(block, x)),
    run(() => block(x)),
    "gradient",
    0,
  );
});

test("arguments and results outlive their scopes until backward", (t) => {
  const x = leaf([3]);
  const before = torch.memory();
  const y = torch.scope(() =>
    checkpoint((a: Tensor, k: number, b: Tensor) => a.mul(k).exp().mul(b), x.mul(2), 3, x.add(1)),
  );
  t.is(torch.memory().tensors, before.tensors + 1);
  y.sum().backward();
  const [expected] = gradientsOf(x);
  same(t, x.grad!, expected, "gradient", 1e-12);
  y.dispose();

  function gradientsOf(x: Tensor) {
    return torch.grad([x.mul(2).mul(3).exp().mul(x.add(1)).sum()], [x]);
  }
});

test("several results, in any container", (t) => {
  const x = leaf([3]);
  const { double, list } = checkpoint((x: Tensor) => ({ double: x.exp(), list: [x.sin(), 5] }), x);
  const [sin, five] = list as [Tensor, number];
  t.is(five, 5);
  double.mul(sin).sum().backward();
  same(t, x.grad!, x.detach().exp().mul(x.detach().sin().add(x.detach().cos())), "gradient", 1e-12);
});

test("checkpoints nest", (t) => {
  const [x, w] = [leaf([3, 4], 1), leaf([4, 4], 2)];
  const inner = (x: Tensor) => x.matmul(w).tanh();
  const outer = (x: Tensor) => checkpoint(inner, checkpoint(inner, x).exp()).sin();
  const plain = (x: Tensor) => inner(inner(x).exp()).sin();
  const expected = gradients(() => plain(x), [x, w]);
  for (const [n, gradient] of gradients(() => checkpoint(outer, x), [x, w]).entries()) {
    same(t, gradient, expected[n], `gradient ${n}`, 0);
  }
});

test("retained graphs run it again for each backward; second derivatives are right", (t) => {
  const x = leaf([3]);
  let runs = 0;
  const cube = (x: Tensor) => {
    runs++;
    return x.mul(x).mul(x);
  };
  const y = checkpoint(cube, x).sum();
  y.backward(null, { retainGraph: true });
  y.backward(null, { retainGraph: true });
  t.is(runs, 3);
  same(t, x.grad!, x.detach().pow(2).mul(6), "gradient", 1e-12);
  t.true(torch.autograd.gradgradcheck((x) => checkpoint(cube, x), [leaf([2])]));
});

test("without gradients it is a plain call", (t) => {
  let runs = 0;
  const fn = (x: Tensor) => {
    runs++;
    return x.exp();
  };
  t.false(torch.noGrad(() => checkpoint(fn, leaf([1]))).requiresGrad);
  t.false(checkpoint(fn, torch.ones([1])).requiresGrad);
  t.is(runs, 2);
});

test("functions in a row, in segments", (t) => {
  const weights = [1, 2, 3, 4, 5].map((seed) => leaf([3, 3], seed));
  const layers = weights.map((w) => (x: Tensor) => x.matmul(w).tanh());
  const x = leaf([2, 3], 9);
  const expected = gradients(() => layers.reduce((x, layer) => layer(x), x), [x, ...weights]);
  for (const segments of [1, 2, 3, 5]) {
    const run = () => torch.checkpointSequential(layers, segments, x);
    for (const [n, gradient] of gradients(run, [x, ...weights]).entries()) {
      same(t, gradient, expected[n], `${segments} segments, gradient ${n}`, 0);
    }
  }
  t.throws(() => torch.checkpointSequential(layers, 6, x), { instanceOf: RangeError });
});

test("a Function inside of a checkpoint, and a hook", (t) => {
  class Square extends torch.autograd.Function {
    static forward(ctx: torch.autograd.FunctionContext, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.mul(x);
    }
    static backward(ctx: torch.autograd.FunctionContext, gradient: Tensor): Tensor {
      return gradient.mul(ctx.savedTensors[0]).mul(2);
    }
  }
  const x = leaf([3]);
  let hooks = 0;
  checkpoint((x: Tensor) => {
    const y = Square.apply(x.mul(2));
    y.registerHook(() => void hooks++);
    return y;
  }, x)
    .sum()
    .backward();
  same(t, x.grad!, x.detach().mul(8), "gradient", 1e-12);
  t.is(hooks, 1);
});

test("it saves memory: the graph of many layers holds one activation a checkpoint", (t) => {
  const w = torch.eye(64).requiresGrad_();
  /** Bytes that the first run saved and the graph still has when the forward pass is over. */
  const kept = (wrap: (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
    let alive = 0;
    const layer = wrap((x) => {
      let y = x;
      for (let n = 0; n < 10; n++) y = y.matmul(w).relu();
      return y;
    });
    const x = torch.ones([16, 64]);
    torch.autograd.savedTensorsHooks(
      (saved) => {
        alive++;
        return saved;
      },
      (saved) => saved,
      () => void layer(layer(x)),
    );
    return alive;
  };
  t.true(kept((fn) => fn) >= 20);
  t.is(
    kept((fn) => (x) => checkpoint(fn, x)),
    0,
  );
});

test("a hundred checkpoints leave no tensor, whatever happens to their backward", (t) => {
  const [x, w] = [leaf([3, 3], 1), leaf([3, 3], 2)];
  const block = (x: Tensor) => x.matmul(w).exp().matmul(w).sin();
  torch.scope(() => checkpoint(block, x).sum().backward());
  const before = torch.memory();
  for (let n = 0; n < 100; n++) {
    torch.scope(() => {
      checkpoint(block, x).sum().backward();
      checkpoint(block, x); // no backward at all
      const part = checkpoint((x: Tensor) => [x.exp(), x.matmul(w)], x)[0];
      torch.grad([part.sum()], [x]); // a part of it
      const failing = checkpoint(block, x);
      failing.registerHook(() => {
        throw new Error("mine");
      });
      t.throws(() => failing.sum().backward(), { message: "mine" });
      const halfway = checkpoint((x: Tensor) => {
        const inner = x.matmul(w).exp();
        inner.registerHook(() => {
          throw new Error("mine");
        });
        return inner.matmul(w).sin();
      }, x);
      t.throws(() => halfway.sum().backward(), { message: "mine" });
    });
  }
  t.deepEqual(torch.memory(), before);
});

test("a function that does something else the second time is found out", (t) => {
  const x = leaf([3]);
  const changing = (...fns: ((x: Tensor) => Tensor)[]) => {
    let run = 0;
    return checkpoint((x: Tensor) => fns[run++](x), x).sum();
  };
  const wrong: [Tensor, RegExp][] = [
    [
      changing(
        (x) => x.exp().sin(),
        (x) => x.exp(),
      ),
      /saved 2 tensors the first time and 1/,
    ],
    [
      changing(
        (x) => x.exp(),
        (x) => x.narrow(0, 0, 2).exp(),
      ),
      /saved tensor 0 was float64 \[3\] on cpu.*float64 \[2\]/,
    ],
    [
      changing(
        (x) => x.exp(),
        (x) => x.float().exp(),
      ),
      /float64 \[3\] on cpu.*float32 \[3\]/,
    ],
  ];
  for (const [y, message] of wrong) {
    t.throws(() => y.backward(), { instanceOf: torch.CheckpointError, message });
  }
});

test("errors of the function come out as they are, in both runs", (t) => {
  const mine = new RangeError("mine");
  let fails = true;
  const fn = (x: Tensor) => {
    if (fails) throw mine;
    return x.exp();
  };
  const x = leaf([2]);
  t.is(
    t.throws(() => checkpoint(fn, x)),
    mine,
  );
  fails = false;
  const y = checkpoint(fn, x).sum();
  fails = true;
  t.is(
    t.throws(() => y.backward()),
    mine,
  );
});

test("wrong calls say what is wrong", (t) => {
  t.throws(() => checkpoint(5 as never), {
    instanceOf: TypeError,
    message: "torch.checkpoint: expected a function, given 5",
  });
  t.throws(() => checkpoint(async () => leaf([1])), { message: /torch.checkpoint.*synchronous/ });
  t.throws(() => checkpoint.with({ preserve: true } as never), { message: /preserveRngState/ });
});
