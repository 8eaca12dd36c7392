import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

type Context = torch.autograd.FunctionContext;
const { Function: AutogradFunction, gradcheck, gradgradcheck } = torch.autograd;

const leaf = (values: number[]) => torch.tensor(values, { dtype: "float64", requiresGrad: true });

/** x^3, which keeps its argument. */
class Cube extends AutogradFunction {
  static forward(ctx: Context, x: Tensor): Tensor {
    ctx.saveForBackward(x);
    return x.pow(3);
  }
  static backward(ctx: Context, gradient: Tensor): Tensor {
    const [x] = ctx.savedTensors;
    return gradient.mul(x.pow(2)).mul(3);
  }
}

/** exp(x), which keeps its result. */
class Exp extends AutogradFunction {
  static forward(ctx: Context, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }
  static backward(ctx: Context, gradient: Tensor): Tensor {
    return gradient.mul(ctx.savedTensors[0]);
  }
}

/** a * b + c * k and a - b, with a number among the arguments. */
class Mixed extends AutogradFunction {
  static forward(ctx: Context & { k?: number }, a: Tensor, b: Tensor, k: number, c: Tensor) {
    ctx.saveForBackward(a, b);
    ctx.k = k;
    return [a.mul(b).add(c.mul(k)), a.sub(b)];
  }
  static backward(ctx: Context & { k?: number }, first: Tensor, second: Tensor) {
    const [a, b] = ctx.savedTensors;
    return [first.mul(b).add(second), first.mul(a).sub(second), null, first.mul(ctx.k!)];
  }
}

test("a Function has its own backward, and its name", (t) => {
  const x = leaf([1, 2]);
  const y = Cube.apply(x);
  t.deepEqual(y.toArray(), [1, 8]);
  t.is(y.gradFn, "CubeBackward");
  t.false(y.isLeaf);
  y.sum().backward();
  t.deepEqual(x.grad!.toArray(), [3, 12]);
});

test("several arguments and results: each tensor has its gradient", (t) => {
  const [a, b, c] = [leaf([2]), leaf([3]), leaf([5])];
  const [first, second] = Mixed.apply(a, b, 10, c);
  t.deepEqual([first.item(), second.item()], [56, -1]);
  first.add(second.mul(100)).sum().backward();
  t.deepEqual(
    [a, b, c].map((x) => x.grad!.item()),
    [103, -98, 10],
  );
});

test("gradients and their gradients are those of differences", (t) => {
  const x = leaf([0.5, -1.2, 2]);
  t.true(gradcheck(Cube.apply.bind(Cube), [x]));
  t.true(gradgradcheck((x) => Cube.apply(x), [x]));
  t.true(gradgradcheck((x) => Exp.apply(x), [x]));
  const others = [leaf([0.3, 0.4, 0.5]), leaf([1.3, -0.4, 1.5])];
  t.true(gradgradcheck((a, b, c) => Mixed.apply(a, b, 3, c), [x, ...others]));
});

test("nothing is recorded in noGrad, or where nothing requires gradients", (t) => {
  const needs: unknown[] = [];
  class Note extends AutogradFunction {
    static forward(ctx: Context, x: Tensor, _flag: boolean): Tensor {
      needs.push(ctx.needsInputGrad, torch.isGradEnabled());
      return x.clone();
    }
    static backward(_: Context, gradient: Tensor) {
      return [gradient, null];
    }
  }
  const x = leaf([1]);
  t.true(Note.apply(x, true).requiresGrad);
  t.false(torch.noGrad(() => Note.apply(x, true)).requiresGrad);
  t.false(Note.apply(x.detach(), true).requiresGrad);
  t.deepEqual(needs, [[true, false], false, [false, false], false, [false, false], false]);
});

test("needsInputGrad says in backward what this pass wants", (t) => {
  let needs: readonly boolean[] = [];
  class Product extends AutogradFunction {
    static forward(ctx: Context, a: Tensor, b: Tensor): Tensor {
      ctx.saveForBackward(a, b);
      return a.mul(b);
    }
    static backward(ctx: Context, gradient: Tensor) {
      needs = ctx.needsInputGrad;
      const [a, b] = ctx.savedTensors;
      return [needs[0] ? gradient.mul(b) : null, needs[1] ? gradient.mul(a) : null];
    }
  }
  const [a, b] = [leaf([2]), leaf([3])];
  const y = Product.apply(a, b);
  t.deepEqual(torch.grad([y], [b], { retainGraph: true })[0].toArray(), [2]);
  t.deepEqual(needs, [false, true]);
  y.backward();
  t.deepEqual(needs, [true, true]);
  t.deepEqual([a.grad!.item(), b.grad!.item()], [3, 2]);
});

test("a result that is the argument itself, changed in place or not", (t) => {
  class Double extends AutogradFunction {
    static forward(ctx: Context, x: Tensor): Tensor {
      ctx.markDirty(x);
      return x.mul_(2);
    }
    static backward(_: Context, gradient: Tensor): Tensor {
      return gradient.mul(2);
    }
  }
  const x = leaf([1]);
  const y = x.mul(5);
  const z = Double.apply(y);
  t.is(z, y);
  t.is(y.gradFn, "DoubleBackward");
  z.sum().backward();
  t.deepEqual([z.item(), x.grad!.item()], [10, 10]);
  t.throws(() => Double.apply(x), { instanceOf: torch.TorchError, message: /leaf/ });

  class Reverse extends AutogradFunction {
    static forward(_: Context, x: Tensor): Tensor {
      return x;
    }
    static backward(_: Context, gradient: Tensor): Tensor {
      return gradient.neg();
    }
  }
  const w = leaf([7]);
  const same = Reverse.apply(w);
  t.false(same.isSame(w));
  same.sum().backward();
  t.deepEqual([same.item(), w.grad!.item()], [7, -1]);
});

test("results without a gradient: marked, or of integers", (t) => {
  class Sorted extends AutogradFunction {
    static forward(ctx: Context, x: Tensor): Tensor[] {
      const [values, order] = x.sort();
      const rank = order.to("float64");
      ctx.markNonDifferentiable(rank);
      ctx.saveForBackward(order);
      return [values, order, rank];
    }
    static backward(ctx: Context, gradient: Tensor): Tensor {
      return gradient.index(ctx.savedTensors[0].argsort());
    }
  }
  const x = leaf([3, 1, 2]);
  const [values, order, rank] = Sorted.apply(x);
  t.deepEqual(
    [values, order, rank].map((one) => one.requiresGrad),
    [true, false, false],
  );
  values
    .mul(torch.tensor([10, 20, 30], { dtype: "float64" }))
    .sum()
    .backward();
  t.deepEqual(x.grad!.toArray(), [30, 10, 20]);
});

test("gradients that are missing are zeros, or null where that is asked for", (t) => {
  const given: unknown[] = [];
  class Two extends AutogradFunction {
    static forward(ctx: Context, x: Tensor, materialize: boolean) {
      ctx.setMaterializeGrads(materialize);
      return [x.mul(2), x.mul(3)];
    }
    static backward(_: Context, first: Tensor | null, second: Tensor | null) {
      given.push(first?.toArray() ?? null, second?.toArray() ?? null);
      return [second, null];
    }
  }
  const x = leaf([1, 1]);
  for (const materialize of [true, false]) Two.apply(x, materialize)[1].sum().backward();
  t.deepEqual(given, [[0, 0], [1, 1], null, [1, 1]]);
  t.deepEqual(x.grad!.toArray(), [2, 2]);
});

test("saved tensors outlive their scope; a backward outside of it works", (t) => {
  const x = leaf([2]);
  const y = torch.scope(() => Exp.apply(Cube.apply(x.mul(0.5))));
  y.backward();
  t.true(Math.abs(Number(x.grad!.item()) - 1.5 * Math.E) < 1e-12);
});

test("a saved tensor that was changed in place is noticed", (t) => {
  const x = leaf([2]);
  const inner = x.mul(1);
  const y = Cube.apply(inner);
  inner.add_(1);
  t.throws(() => y.backward(), { instanceOf: torch.TorchError, message: /inplace/ });
});

test("a second backward needs the graph retained", (t) => {
  const x = leaf([2]);
  const y = Cube.apply(x);
  y.backward(null, { retainGraph: true });
  y.backward();
  t.deepEqual(x.grad!.toArray(), [24]);
  t.throws(() => y.backward(), { instanceOf: torch.TorchError, message: /second time/ });
});

test("errors thrown in forward and backward come out as they are", (t) => {
  const mine = new RangeError("mine");
  class Fails extends AutogradFunction {
    static forward(_: Context, x: Tensor, now: boolean): Tensor {
      if (now) throw mine;
      return x.clone();
    }
    static backward(): Tensor {
      throw mine;
    }
  }
  const x = leaf([1]);
  t.is(
    t.throws(() => Fails.apply(x, true)),
    mine,
  );
  t.true(torch.isGradEnabled());
  t.is(
    t.throws(() => Fails.apply(x, false).sum().backward()),
    mine,
  );
});

test("wrong Functions say what is wrong", (t) => {
  const x = leaf([1, 2]);
  const make = (result: (x: Tensor) => unknown, gradients: (gradient: Tensor) => unknown) =>
    class Wrong extends AutogradFunction {
      static forward(_: Context, x: Tensor, _k: number) {
        return result(x) as Tensor;
      }
      static backward(_: Context, gradient: Tensor) {
        return gradients(gradient) as Tensor;
      }
    };
  const run = (result: (x: Tensor) => unknown, gradients: (gradient: Tensor) => unknown) => {
    make(result, gradients).apply(x, 1).sum().backward();
  };
  const fine = (x: Tensor) => x.clone();
  const wrong: [() => void, RegExp][] = [
    [() => run(() => 5, fine), /Wrong\.forward: result: expected a Tensor or an array.*given 5/],
    [() => run(() => [1], fine), /Wrong\.forward: result: expected Tensors, given 1/],
    [() => run(async () => x, fine), /Wrong\.forward.*synchronous/],
    [() => run(fine, async () => x), /Wrong\.backward.*synchronous/],
    [() => run(fine, () => []), /WrongBackward returned 0 gradients.*2 arguments/],
    [() => run(fine, (g) => [g, g, g]), /WrongBackward returned 3 gradients/],
    [() => run(fine, (g) => [g, g]), /WrongBackward returned a gradient for argument 1/],
    [() => run(fine, () => [7, null]), /backward of a Function: expected a Tensor, given 7/],
    [() => run(fine, () => [torch.ones([5]), null]), /WrongBackward.*invalid gradient.*shape/s],
  ];
  for (const [call, message] of wrong) t.throws(call, { message });
  run(fine, (g) => [g, null, undefined, null]);
  t.deepEqual(x.grad!.toArray(), [1, 1]);
});

test("fewer gradients than arguments are refused, one alone stands for one argument", (t) => {
  t.deepEqual(torch.grad([Cube.apply(leaf([1]))], [leaf([1])], { allowUnused: true }), [null]);
  class Lacks extends AutogradFunction {
    static forward(_: Context, a: Tensor, b: Tensor): Tensor {
      return a.add(b);
    }
    static backward(_: Context, gradient: Tensor): Tensor {
      return gradient;
    }
  }
  t.throws(() => Lacks.apply(leaf([1]), leaf([1])).backward(), {
    instanceOf: torch.TorchError,
    message: /LacksBackward returned 1 gradients, expected one for each of forward's 2/,
  });
});

test("a Function inside of another's backward, and a backward pass inside of one", (t) => {
  class Outer extends AutogradFunction {
    static forward(ctx: Context, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.pow(4);
    }
    static backward(ctx: Context, gradient: Tensor): Tensor {
      const inner = ctx.savedTensors[0].detach().requiresGrad_();
      const [dx] = torch.enableGrad(() =>
        torch.grad([Cube.apply(inner).mul(inner).sum()], [inner]),
      );
      return gradient.mul(dx);
    }
  }
  const x = leaf([2]);
  Outer.apply(x).sum().backward();
  t.deepEqual(x.grad!.toArray(), [32]);
});

test("a deep chain of Functions is freed without overflowing the stack", (t) => {
  const before = torch.memory().tensors;
  torch.scope(() => {
    const x = leaf([1]);
    let y: Tensor = x;
    for (let n = 0; n < 20_000; n++) y = torch.scope(() => Exp.apply(y.mul(0)));
    y.backward();
    t.is(x.grad!.item(), 0);
  });
  t.is(torch.memory().tensors, before);
});

test("a thousand Functions leave no tensor", (t) => {
  const x = leaf([1, 2]);
  torch.scope(() => Cube.apply(x).sum().backward());
  const before = torch.memory();
  for (let n = 0; n < 1000; n++) {
    torch.scope(() => {
      const [first, second] = Mixed.apply(Cube.apply(x), x, 0, Exp.apply(x));
      first.add(second).sum().backward();
      Cube.apply(x); // a graph without backward
    });
  }
  t.deepEqual(torch.memory(), before);
});

test("backward frees what it is given and makes, in no scope either", (t) => {
  const x = leaf([1]);
  const y = Cube.apply(x);
  y.backward(null, { retainGraph: true });
  const before = torch.memory().tensors;
  y.backward(null, { retainGraph: true });
  t.is(torch.memory().tensors, before);
});
