import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import * as torch from "../../src/torch";

const start = (task: string, value = 1) =>
  new Worker(__filename, {
    workerData: { task, value },
    execArgv: ["-r", "ts-node/register/transpile-only"],
  });
const answer = async (worker: Worker) => (await once(worker, "message"))[0];

/** 200 products of [64,64] filled with `value`: the sum of the last one, and when it ran. */
function compute(value: number) {
  const from = Date.now();
  const sum = torch.scope(() => {
    let product = torch.full([64, 64], value, { dtype: "float32" });
    for (let n = 0; n < 200 || Date.now() - from < 1500; n++) {
      product = torch.scope(() => product.matmul(torch.eye(64)));
    }
    return Number(product.sum().item());
  });
  return { sum, from, to: Date.now() };
}

const tasks: Record<string, (value: number) => unknown> = {
  compute,
  modes: () => {
    const x = torch.ones([1], { requiresGrad: true });
    return { gradients: torch.isGradEnabled(), requiresGrad: x.mul(2).requiresGrad };
  },
  forever: () => {
    const x = torch.ones([32, 32], { requiresGrad: true });
    parentPort!.postMessage("started");
    for (;;) torch.scope(() => x.matmul(x).relu().sum().backward());
  },
  forward: (value) => torch.full([1], value, { dtype: "float32" }).item(),
  fail: () => torch.ones([2, 3]).matmul(torch.ones([2, 3])),
};

const modes: Record<string, () => Promise<unknown>> = {
  async compute() {
    const before = torch.memory().tensors;
    const workers = [start("compute", 2), start("compute", 3)];
    const first = Promise.all(workers.map(answer));
    const { sum: main } = compute(1);
    const results = await first;
    const [a, b] = results;
    return {
      sums: results.map(({ sum }) => sum),
      main,
      overlapped: a.from < b.to && b.from < a.to,
      memory: { before, after: torch.memory().tensors },
    };
  },
  async modes() {
    const worker = start("modes");
    const inWorker = await answer(worker);
    const inMain = torch.noGrad(() => ({
      gradients: torch.isGradEnabled(),
      tensors: torch.memory().tensors,
    }));
    return { inWorker, inMain };
  },
  async terminate() {
    const workers = [start("forever"), start("forever")];
    await Promise.all(workers.map(answer));
    await setTimeout(100);
    const codes = await Promise.all(workers.map((worker) => worker.terminate()));
    return { codes, alive: torch.ones([2]).sum().item() === 2 };
  },
  async sequence() {
    const answers: unknown[] = [];
    for (let n = 1; n <= 3; n++) {
      const worker = start("forward", n);
      answers.push(await answer(worker));
      await once(worker, "exit");
    }
    return { answers };
  },
  async errors() {
    const [error] = await once(start("fail"), "error");
    return { name: error.name, message: error.message };
  },
};

if (!isMainThread) {
  const { task, value } = workerData as { task: string; value: number };
  parentPort!.postMessage(tasks[task](value));
} else if (require.main === module) {
  void modes[process.argv[2]]().then((result) => console.log(JSON.stringify(result)));
}
