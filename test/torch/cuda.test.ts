import test from "ava";
import * as torch from "../../src/torch";

const { cuda } = torch;
const without = cuda.isAvailable() ? test.skip : test;

test("devices are counted", (t) => {
  const count = cuda.deviceCount();
  t.true(Number.isInteger(count) && count >= 0);
  t.is(cuda.isAvailable(), count > 0);
  t.is(typeof cuda.isBuilt(), "boolean");
});

without("without CUDA memory is 0, and there is nothing to give back", (t) => {
  t.is(cuda.memoryAllocated(), 0);
  t.is(cuda.maxMemoryAllocated("cuda:0"), 0);
  t.is(cuda.memoryReserved(0), 0);
  t.is(cuda.maxMemoryReserved(), 0);
  t.deepEqual(cuda.memoryStats(), {});
  cuda.resetPeakMemoryStats();
  cuda.emptyCache();
});

const calls: Record<string, () => unknown> = {
  "torch.cuda.currentDevice": () => cuda.currentDevice(),
  "torch.cuda.setDevice": () => cuda.setDevice(0),
  "torch.cuda.synchronize": () => cuda.synchronize(),
  "torch.cuda.getDeviceProperties": () => cuda.getDeviceName("cuda:0"),
  "torch.cuda.memGetInfo": () => cuda.memGetInfo(),
  "torch.cuda.Stream": () => new cuda.Stream(),
  "torch.cuda.Event": () => new cuda.Event({ enableTiming: true }),
  "torch.cuda.graph": () => cuda.graph(() => 1),
};

for (const [name, call] of Object.entries(calls)) {
  without(`without CUDA ${name} says why there is none, and what to do`, (t) => {
    const error = t.throws(call, { instanceOf: torch.TorchError })!;
    t.true(error.message.startsWith(`${name}: CUDA can not be used: `), error.message);
    t.regex(error.message, /built without|finds no device/);
    t.regex(error.message, /npx adaptune doctor/);
  });
}

without("without CUDA nothing is pinned, and pinning says that it needs a device", (t) => {
  const x = torch.ones([2]);
  t.false(x.isPinned());
  t.throws(() => x.pinMemory(), { instanceOf: torch.TorchError });
  t.throws(() => x.to("cuda", { nonBlocking: true }), { instanceOf: torch.TorchError });
  t.is(x.to("cpu", { nonBlocking: true }).sum().item(), 2);
});

test("what is no device, no option or no function is refused by name", (t) => {
  const wrong = cuda as unknown as Record<string, (...args: unknown[]) => unknown>;
  t.throws(() => cuda.memoryAllocated("cpu"), {
    instanceOf: TypeError,
    message: 'torch.cuda.memoryStats: expected "cuda", "cuda:N" or a number, given "cpu"',
  });
  t.throws(() => wrong.setDevice(null), { instanceOf: TypeError, message: /setDevice/ });
  t.throws(() => wrong.graph(1), { instanceOf: TypeError, message: /expected a function/ });
  t.throws(() => wrong.graph(() => 1, { warmUp: 1 }), { message: /given 'warmUp'/ });
  t.throws(() => wrong.stream(null, 1), { instanceOf: TypeError, message: /expected a function/ });
  t.throws(() => new cuda.Stream({ index: 1 } as object), { message: /given 'index'/ });
});
