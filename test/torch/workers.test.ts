import test from "ava";
import { runScript } from "./child";

/** What the script reports on its standard output, having ended well and said nothing else. */
function report(t: { is(a: unknown, b: unknown, message?: string): unknown }, mode: string) {
  const { status, signal, stdout, stderr } = runScript("worker.ts", [mode]);
  t.is(signal, null, stderr);
  t.is(status, 0, stderr);
  t.is(stderr, "");
  return JSON.parse(stdout);
}

test("two workers and the main thread compute at once, each with its own memory", (t) => {
  const { sums, main, overlapped, memory } = report(t, "compute");
  t.deepEqual(sums, [2 * 64 * 64, 3 * 64 * 64]);
  t.is(main, 64 * 64);
  t.true(overlapped);
  t.is(memory.before, memory.after);
});

test("scopes and modes of one thread do not reach another", (t) => {
  const { inWorker, inMain } = report(t, "modes");
  t.deepEqual(inWorker, { gradients: true, requiresGrad: true });
  t.deepEqual(inMain, { gradients: false, tensors: 0 });
});

test("workers that are stopped in the middle leave a process that ends well", (t) => {
  const { codes, alive } = report(t, "terminate");
  t.deepEqual(codes, [1, 1]);
  t.true(alive);
});

test("workers come and go without end", (t) => {
  const { answers } = report(t, "sequence");
  t.deepEqual(answers, [1, 2, 3]);
});

test("an error in a worker arrives with its class and message", (t) => {
  const { name, message } = report(t, "errors");
  t.is(name, "TorchError");
  t.regex(message, /matmul/);
});
