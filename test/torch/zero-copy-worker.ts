import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { SharedTensor } from "../../src/torch";
import * as torch from "../../src/torch";

interface Task {
  readonly task: string;
  readonly given?: SharedTensor;
}

const start = (task: string, given?: SharedTensor) =>
  new Worker(__filename, {
    workerData: { task, given } satisfies Task,
    execArgv: ["-r", "ts-node/register/transpile-only"],
  });
const answer = async (worker: Worker) => (await once(worker, "message"))[0];

const tasks: Record<string, (given: SharedTensor) => unknown> = {
  double: (given) => {
    torch.noGrad(() => torch.receive(given).mul_(2));
    return "doubled";
  },
  describe: (given) => {
    const x = torch.receive(given);
    return { requiresGrad: x.requiresGrad, isLeaf: x.isLeaf, sum: x.sum().item() };
  },
  make: () => torch.share(torch.full([1000], 4)),
  javascript: () => {
    const x = torch.frombuffer(new Float32Array(new SharedArrayBuffer(4000)).fill(3));
    return torch.share(x);
  },
  arrays: () => {
    const x = torch.full([1000], 5);
    return { shared: torch.share(x), sum: x.asTypedArray().length };
  },
};

const modes: Record<string, () => Promise<unknown>> = {
  /** A worker changes the main thread's tensor. */
  async there() {
    const x = torch.ones([4]);
    const said = await answer(start("double", torch.share(x)));
    return { said, x: x.toArray() };
  },
  /** Results outlive the workers that made them. */
  async back() {
    const sums: unknown[] = [];
    for (const task of ["make", "javascript"]) {
      const worker = start(task);
      const [shared] = await Promise.all([answer(worker), once(worker, "exit")]);
      for (let n = 0; n < 20; n++) new Float32Array(1e6).fill(n);
      await setTimeout(50);
      sums.push(torch.receive(shared).sum().item());
    }
    return { sums };
  },
  /** An array over a tensor ends with its worker, the tensor's memory does not. */
  async arrays() {
    const worker = start("arrays");
    const [{ shared, sum }] = await Promise.all([answer(worker), once(worker, "exit")]);
    const x = torch.receive(shared);
    const values = [...new Set(x.asTypedArray() as BigInt64Array)].map(Number);
    return { sum, values };
  },
  async gradients() {
    const x = torch.ones([3], { requiresGrad: true });
    return answer(start("describe", torch.share(x)));
  },
  async many() {
    const shared = torch.share(torch.ones([2]), { receivers: 3 });
    const answers = await Promise.all([1, 2, 3].map(() => answer(start("describe", shared))));
    let again = "received";
    try {
      torch.receive(shared);
    } catch (error) {
      again = (error as Error).message;
    }
    return { sums: answers.map(({ sum }) => sum), again };
  },
  /** What nobody receives stays until the end, which comes well. */
  async never() {
    const shared = Array.from({ length: 100 }, () => torch.ones([1000]));
    for (const tensor of shared) torch.share(tensor);
    const exit = once(start("make"), "exit");
    await exit;
    return { tensors: shared.every((tensor) => tensor.sum().item() === 1000) };
  },
};

if (!isMainThread) {
  const { task, given } = workerData as Task;
  parentPort!.postMessage(tasks[task](given as SharedTensor));
} else if (require.main === module) {
  void modes[process.argv[2]]().then((result) => console.log(JSON.stringify(result)));
}
