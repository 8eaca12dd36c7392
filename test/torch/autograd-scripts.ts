import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

const leaf = (values: number[]) => torch.tensor(values, { requiresGrad: true });

class Square extends torch.autograd.Function {
  static forward(ctx: torch.autograd.FunctionContext & { held?: object }, x: Tensor, held: object) {
    ctx.saveForBackward(x);
    ctx.held = held;
    return x.mul(x);
  }
  static backward(ctx: torch.autograd.FunctionContext, gradient: Tensor) {
    return [gradient.mul(ctx.savedTensors[0]).mul(2), null];
  }
}

const start = (task: string, value = 1) =>
  new Worker(__filename, {
    workerData: { task, value },
    execArgv: ["-r", "ts-node/register/transpile-only"],
  });

/** What hooks and Functions refer to, each in a closure of its own. */
const holders: Record<string, (x: Tensor, held: object) => void> = {
  graph: (x, held) =>
    torch.scope(() => {
      const y = x.mul(2);
      y.registerHook(() => void held);
      y.sum().backward();
    }),
  removed: (x, held) => x.registerHook(() => void held).remove(),
  function: (x, held) => torch.scope(() => Square.apply(x, held).sum().backward()),
  checkpoint: (x, held) =>
    torch.scope(() =>
      torch
        .checkpoint((a: Tensor) => (held ? a.exp() : a), x)
        .sum()
        .backward(),
    ),
  held: (x, held) => void x.registerHook(() => void held),
};

/** Whether the collector finds it unused. */
async function collect() {
  const x = leaf([1]);
  const references = Object.entries(holders).map(([name, hold]) => {
    const held = {};
    hold(x, held);
    return [name, new WeakRef(held)] as const;
  });
  for (let turn = 0; turn < 10; turn++) {
    globalThis.gc?.();
    await setImmediate();
  }
  return Object.fromEntries(references.map(([name, one]) => [name, one.deref() === undefined]));
}

/** Hooks, Functions, saved tensors and a hook under way when the process ends. */
function hold() {
  const x = leaf([1]);
  const held = [x];
  for (let n = 0; n < 50; n++) {
    const y = Square.apply(x.mul(2), {});
    y.registerHook((gradient) => gradient.mul(2));
    held.push(
      y,
      torch.checkpoint((a: Tensor) => a.mul(a).exp(), x),
    );
  }
  x.registerPostAccumulateGradHook(() => {
    console.log("held");
    process.exit(0);
  });
  held[1].sum().backward();
  return held;
}

/** The gradient that a hook of this thread's makes. */
function hooked(value: number) {
  const x = leaf([1, 1]);
  x.registerHook((gradient) => gradient.mul(value));
  const y = Square.apply(x, {}).mul(1.5);
  torch
    .checkpoint((a: Tensor) => a, y)
    .sum()
    .backward();
  return x.grad!.toArray<number[]>();
}

const tasks: Record<string, (value: number) => unknown> = {
  hooked: (value) => ({ thread: value, gradient: hooked(value) }),
  forever: () => {
    const x = leaf([1]);
    x.registerHook(() => {
      parentPort!.postMessage("started");
      for (;;) torch.scope(() => torch.ones([8, 8]).matmul(torch.ones([8, 8])));
    });
    x.mul(2).sum().backward();
  },
};

const modes: Record<string, () => unknown> = {
  collect,
  hold,
  async workers() {
    const workers = [start("hooked", 1), start("hooked", 2)];
    const exits = Promise.all(workers.map((worker) => once(worker, "exit")));
    const answers = await Promise.all(workers.map((worker) => once(worker, "message")));
    await exits;
    const main = hooked(2 / 3).map((value: number) => Math.round(value * 1e6) / 1e6);
    return { answers: answers.map(([answer]) => answer), main };
  },
  async terminate() {
    const worker = start("forever");
    await once(worker, "message");
    const code = await worker.terminate();
    const x = leaf([1]);
    x.registerHook((gradient) => gradient.mul(1));
    x.mul(2).sum().backward();
    return { code, gradient: x.grad!.toArray() };
  },
};

if (!isMainThread) {
  const { task, value } = workerData as { task: string; value: number };
  parentPort!.postMessage(tasks[task](value));
} else if (require.main === module) {
  void Promise.resolve(modes[process.argv[2]]()).then((result) =>
    console.log(JSON.stringify(result)),
  );
}
