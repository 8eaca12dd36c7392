import { isMainThread, Worker } from "node:worker_threads";
import * as torch from "../../src/torch";

// How a process ends, hold.ts exit|end|workers, with tensors, graphs, arrays over tensors and garbage.
const held: unknown[] = [];

function hold(): void {
  const chain = [torch.ones([10], { requiresGrad: true })];
  for (let n = 0; n < 100; n++) chain.push(chain[n].mul(2));
  chain[100].sum().backward();
  chain[0].mul(3).registerHook(() => {});
  const lent = torch.zeros([1000]).asTypedArray();
  const borrowed = torch.frombuffer(new Float32Array(new SharedArrayBuffer(4000)));
  const shared = torch.share(torch.ones([1000]));
  held.push(chain, lent, borrowed, shared);
  for (let n = 0; n < 5000; n++) torch.ones([10]).asTypedArray();
}

hold();
const mode = isMainThread ? process.argv[2] : "end";
if (mode === "exit") {
  torch.scope(() => {
    held.push(torch.ones([2]));
    console.log("held");
    process.exit(0);
  });
} else if (mode === "workers") {
  const execArgv = ["-r", "ts-node/register/transpile-only"];
  for (let n = 0; n < 2; n++) {
    new Worker(__filename, { execArgv }).on("exit", (code) => console.log(`worker ${code}`));
  }
} else if (isMainThread) console.log("held");
