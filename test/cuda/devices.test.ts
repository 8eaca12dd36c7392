import * as torch from "../../src/torch";
import { cudaTest } from "./support";

const { cuda } = torch;

cudaTest("a device tells what it is", (t) => {
  const properties = cuda.getDeviceProperties();
  t.true(properties.name.length > 0);
  t.is(cuda.getDeviceName("cuda:0"), cuda.getDeviceProperties(0).name);
  t.deepEqual(cuda.getDeviceCapability(), [properties.major, properties.minor]);
  t.true(properties.major >= 8, "kernels are compiled for sm_80 and sm_90");
  t.true(properties.totalMemory > 1e9 && properties.multiProcessorCount > 0);
  t.is(properties.warpSize, 32);
});

cudaTest("the current device can be chosen, one that is not there can not", (t) => {
  const before = cuda.currentDevice();
  cuda.setDevice(`cuda:${before}`);
  t.is(cuda.currentDevice(), before);
  t.throws(() => cuda.setDevice(cuda.deviceCount()), { instanceOf: torch.TorchError });
  cuda.synchronize();
  t.is(torch.ones([2], { device: "cuda" }).device, `cuda:${before}`);
});

cudaTest("work goes to the stream that is current", (t) => {
  const side = new cuda.Stream();
  t.true(cuda.currentStream().equals(cuda.defaultStream()));
  const x = torch.ones([1000, 1000], { device: "cuda" });
  side.waitStream(cuda.currentStream());
  const y = cuda.stream(side, () => {
    t.true(cuda.currentStream().equals(side));
    return x.matmul(x);
  });
  t.true(cuda.currentStream().equals(cuda.defaultStream()));
  side.record(x);
  cuda.currentStream().waitStream(side);
  t.is(y.index(0, 0).item(), 1000);
  side.synchronize();
  t.true(side.query());
  t.throws(() => cuda.stream(side, (async () => {}) as never), { message: /Promise/ });
  t.throws(() => cuda.stream({} as never, () => 1), { message: /torch.cuda.Stream/ });
  t.is(new cuda.Stream({ device: 0, priority: -1 }).device, "cuda:0");
});

cudaTest("events measure the time between them", (t) => {
  const [start, end] = [0, 1].map(() => new cuda.Event({ enableTiming: true }));
  t.throws(() => start.elapsedTime(end), { message: /record\(\) first/ });
  const x = torch.ones([2000, 2000], { device: "cuda" });
  start.record();
  for (let n = 0; n < 20; n++) torch.scope(() => void x.matmul(x));
  end.record();
  end.synchronize();
  t.true(end.query());
  const milliseconds = start.elapsedTime(end);
  t.true(milliseconds > 0.01 && milliseconds < 60_000, `${milliseconds} ms`);
  t.throws(() => new cuda.Event().elapsedTime(end), { message: /recorded/ });
});

cudaTest("pinned memory is copied without waiting", (t) => {
  const pinned = torch.arange(100_000, { dtype: "float32" }).pinMemory();
  t.true(pinned.isPinned());
  const copy = pinned.to("cuda", { nonBlocking: true });
  t.is(copy.sum().item(), 4_999_950_000);
  const back = torch.empty([100_000]).pinMemory();
  back.copy_(copy, true);
  cuda.synchronize();
  t.true(torch.equal(back, pinned));
});
