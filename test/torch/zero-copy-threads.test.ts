import test from "ava";
import type { SharedTensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { runScript } from "./child";

/** What the script reports on its standard output, having ended well and said nothing else. */
function report(t: { is(a: unknown, b: unknown, message?: string): unknown }, mode: string) {
  const { status, signal, stdout, stderr } = runScript("zero-copy-worker.ts", [mode]);
  t.is(signal, null, stderr);
  t.is(status, 0, stderr);
  t.is(stderr, "");
  return JSON.parse(stdout);
}

test("a worker changes the tensor of the main thread", (t) => {
  t.deepEqual(report(t, "there"), { said: "doubled", x: [2, 2, 2, 2] });
});

test("results outlive their worker, memory of its JavaScript's too", (t) => {
  t.deepEqual(report(t, "back"), { sums: [4000, 3000] });
});

test("an array over a tensor ends with its worker, the tensor does not", (t) => {
  t.deepEqual(report(t, "arrays"), { sum: 1000, values: [5] });
});

test("a leaf arrives as a leaf", (t) => {
  t.deepEqual(report(t, "gradients"), { requiresGrad: true, isLeaf: true, sum: 3 });
});

test("one tensor goes to several workers, and to no more", (t) => {
  const { sums, again } = report(t, "many");
  t.deepEqual(sums, [2, 2, 2]);
  t.regex(again, /received already.*receivers: 2/);
});

test("what is never received does no harm", (t) => {
  t.true(report(t, "never").tensors);
});

test("within a thread too, memory is shared and given up", (t) => {
  const x = torch.zeros([2]);
  const shared = torch.share(x);
  t.deepEqual(structuredClone(shared), shared);
  torch.receive(shared).fill_(1);
  t.deepEqual(x.toArray(), [1, 1]);
  t.throws(() => torch.receive(shared), { instanceOf: torch.TorchError });
  const other = torch.share(x);
  t.true(torch.unshare(other));
  t.false(torch.unshare(other));
  t.throws(() => torch.receive(other), { instanceOf: torch.TorchError });
});

test("what cannot be shared or received is refused", (t) => {
  const graph = torch.ones([1], { requiresGrad: true }).mul(2);
  t.throws(() => torch.share(graph), { instanceOf: torch.TorchError, message: /detach/ });
  t.throws(() => torch.share(3 as unknown as torch.Tensor), { instanceOf: TypeError });
  for (const receivers of [0, 1.5, "2" as unknown as number]) {
    t.throws(() => torch.share(torch.ones([1]), { receivers }), { message: /receivers/ });
  }
  for (const wrong of [null, {}, 3, { sharedTensor: "1" }] as unknown as SharedTensor[]) {
    t.throws(() => torch.receive(wrong), { instanceOf: TypeError });
  }
  const elsewhere = { sharedTensor: 1, process: process.pid + 1 };
  t.throws(() => torch.receive(elsewhere), { message: /between threads only/ });
});
