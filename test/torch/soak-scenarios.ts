import { once } from "node:events";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import * as nn from "../../src/nn";
import { AdamW } from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/**
 * Work to repeat for as long as one likes. It leaves nothing behind but what the collector frees, and
 * gives the number of tensors that it made in other threads, if any.
 */
export type Step = () => unknown;

const size = 1024; // elements: 4 kB, so that a tensor that stays shows

/** 400 tensors in a scope each hundred, results included. */
function scoped(): Step {
  const x = torch.ones([size]);
  const few = () => {
    let y = x;
    for (let n = 0; n < 97; n++) y = y.mul(0.5).add(x);
    return torch.scope(() => [y.sum(), { mean: y.mean() }] as const);
  };
  return () => {
    for (let n = 0; n < 2; n++) torch.scope(() => few()[0].item());
  };
}

/** The same outside of any scope; the event loop turns, and V8 collects when it wants to. */
function unscoped(): Step {
  const x = torch.ones([size]);
  return async () => {
    let y = x;
    for (let n = 0; n < 200; n++) y = y.mul(0.5).add(x);
    await setImmediate();
  };
}

/** `dispose` and `using`, without a scope and without a turn. */
function disposed(): Step {
  const x = torch.ones([size]);
  return () => {
    for (let n = 0; n < 100; n++) {
      using half = x.mul(0.5);
      using sum = half.add(x);
      const view = sum.view([2, -1]);
      sum.dispose();
      view.sum().dispose();
      view.dispose();
    }
  };
}

/** Typed arrays in and out: copied, moved, shared; their memory is the collector's. */
function typedArrays(): Step {
  const values = Float32Array.from({ length: size }, (_, n) => n);
  const shared = new Float32Array(new SharedArrayBuffer(4 * size));
  const copied = () => Number(torch.tensor(values).add(1).toTypedArray()[1]);
  const moved = () => torch.frombuffer(values.slice(), { transfer: true }).mul(2).toArray();
  const borrowed = () => torch.frombuffer(shared).add_(1).sum().item();
  const lent = () => torch.zeros([size]).asTypedArray().length;
  return async () => {
    for (let n = 0; n < 25; n++) {
      torch.scope(() => [copied(), moved(), borrowed(), lent()]);
      for (const unscoped of [copied, moved, borrowed, lent]) unscoped();
    }
    await setImmediate();
  };
}

/** Eight async functions at once, with scopes between their awaits and tensors across them. */
function asynchronous(): Step {
  const x = torch.ones([size]);
  const one = async () => {
    const batch = torch.tensor(new Float32Array(size));
    for (let n = 0; n < 5; n++) {
      const loss = torch.scope(() => batch.add(x).mul(2).exp().mean());
      await setImmediate();
      torch.scope(() => loss.add(1).item());
      loss.dispose();
    }
    batch.dispose();
  };
  return async () => {
    await Promise.all(Array.from({ length: 8 }, one));
  };
}

class Twice extends torch.autograd.Function {
  static forward(ctx: torch.autograd.FunctionContext, x: Tensor): Tensor {
    ctx.saveForBackward(x);
    return x.mul(2);
  }
  static backward(ctx: torch.autograd.FunctionContext, gradient: Tensor): Tensor {
    return gradient.mul(2).add(ctx.savedTensors[0].mul(0));
  }
}

/** Graphs, hooks, a backward in JavaScript, an optimizer's steps; graphs that nobody goes back through. */
function training(): Step {
  const layers = [new nn.Linear(16, 32), new nn.Linear(32, 1)];
  const parameters = layers.flatMap((layer) => [...layer.parameters()]);
  const optimizer = new AdamW(parameters, { lr: 1e-3 });
  const input = torch.randn([8, 16]);
  const forward = () => {
    const hidden = layers[0].forward(input).relu();
    hidden.registerHook((gradient) => gradient.mul(1));
    return layers[1].forward(Twice.apply(hidden)).pow(2).mean();
  };
  return () => {
    for (let n = 0; n < 10; n++) {
      torch.scope(() => forward().backward());
      optimizer.step();
      optimizer.zeroGrad();
      torch.scope(() => void forward());
    }
  };
}

/** Calls that are refused, by us and by LibTorch. */
function errors(): Step {
  const x = torch.ones([2, 3]);
  const refused = (call: () => unknown) => {
    try {
      torch.scope(call);
    } catch {
      return;
    }
    throw new Error("this call should be refused");
  };
  return () => {
    for (let n = 0; n < 25; n++) {
      refused(() => x.add(1).matmul(x));
      refused(() => x.add(1).view([5]));
      refused(() => x.mul(2).add("text" as never));
      refused(() => x.mul(2).backward());
    }
  };
}

/** Workers come, compute on a tensor of ours, hand one back, and go with all that they hold. */
function workers(): Step {
  return async () => {
    const given = torch.full([size], 2, { dtype: "float32" });
    const worker = new Worker(join(__dirname, "soak-worker.ts"), {
      workerData: torch.share(given),
      execArgv: ["-r", "ts-node/register/transpile-only"],
    });
    const [[{ back, made }]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
    const sum = torch.receive(back);
    if (sum.item() !== 2 * size) throw new Error(`the worker's sum is ${sum.item()}`);
    sum.dispose();
    given.dispose();
    return made;
  };
}

/** To be found out: tensors in a list that grows. */
function leakingTensors(): Step {
  const kept: Tensor[] = [];
  return () => {
    for (let n = 0; n < 400; n++) {
      using x = torch.ones([size]);
      if (n % 4 === 0) kept.push(x.add(1));
    }
  };
}

/** To be found out: memory that no tensor of JavaScript's has any more. */
function leakingMemory(): Step {
  return () => {
    for (let n = 0; n < 400; n++) {
      using x = torch.ones([size]);
      if (n % 4 === 0) torch.share(x); // nobody receives it
    }
  };
}

export const scenarios: Readonly<Record<string, () => Step>> = {
  scoped,
  unscoped,
  disposed,
  "typed arrays": typedArrays,
  async: asynchronous,
  training,
  errors,
  workers,
};

export const leaks: Readonly<Record<string, () => Step>> = {
  "leaking tensors": leakingTensors,
  "leaking memory": leakingMemory,
};

/** All in turn but workers, of which one takes as long as a thousand of the others' steps. */
export function mixed(): Step {
  const steps = Object.entries(scenarios)
    .filter(([name]) => name !== "workers")
    .map(([, make]) => make());
  return async () => {
    for (const step of steps) await step();
  };
}
