import test from "ava";
import * as torch from "../../src/torch";
import { runScript } from "./child";

test("versions are those of the LibTorch that is loaded", (t) => {
  t.regex(torch.version, /^2\.\d+\.\d+/);
  t.is(torch.buildInfo().torch, torch.version);
  t.regex(torch.buildInfo().cpuCapability, /^[A-Z0-9]+$/i);
});

test("the number of threads can be read and set", (t) => {
  const threads = torch.getNumThreads();
  t.true(Number.isInteger(threads) && threads >= 1);
  torch.setNumThreads(1);
  t.is(torch.getNumThreads(), 1);
  t.is(torch.ones([1000]).sum().item(), 1000);
  torch.setNumThreads(threads);
  t.is(torch.getNumThreads(), threads);
});

const lastWords = { exit: "held\n", end: "held\n", workers: "worker 0\nworker 0\n" };
for (const [how, words] of Object.entries(lastWords)) {
  test(`a process ends well with tensors, graphs and arrays still held: ${how}`, (t) => {
    const { status, signal, stdout, stderr } = runScript("hold.ts", [how]);
    t.deepEqual([status, signal, stdout, stderr], [0, null, words, ""]);
  });
}
