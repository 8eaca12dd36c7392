import * as torch from "../../src/torch";
import { cudaTest } from "./support";

const { cuda } = torch;
const MIB = 2 ** 20;

cudaTest("memory statistics follow tensors", (t) => {
  cuda.emptyCache();
  const before = cuda.memoryAllocated();
  cuda.resetPeakMemoryStats();
  const x = torch.zeros([16 * MIB], { device: "cuda" }); // 64 MiB
  t.is(cuda.memoryAllocated() - before, 64 * MIB);
  torch.scope(() => void x.add(1));
  t.is(cuda.memoryAllocated() - before, 64 * MIB);
  t.is(cuda.maxMemoryAllocated() - before, 128 * MIB);
  x.dispose();
  t.is(cuda.memoryAllocated(), before);
  t.true(cuda.memoryReserved() >= 128 * MIB);
  t.true(cuda.maxMemoryReserved() >= cuda.memoryReserved());
  cuda.emptyCache();
  t.true(cuda.memoryReserved() < 128 * MIB + before);
  t.true((cuda.memoryStats()["allocation.all.allocated"] ?? 0) > 0);
  const { free, total } = cuda.memGetInfo();
  t.true(free > 0 && free <= total);
});

cudaTest("no memory left is an error that can be caught, and what was there stays usable", (t) => {
  const x = torch.ones([4], { device: "cuda" });
  const { total } = cuda.memGetInfo();
  const error = t.throws(() => torch.empty([total * 2], { dtype: "uint8", device: "cuda" }), {
    instanceOf: torch.TorchError,
  })!;
  t.regex(error.message, /out of memory/i);
  t.regex(error.message, /torch\.memory\.report\(\)/);
  t.is(x.sum().item(), 4);
});

cudaTest(
  "a loop that drops tensors outside of scopes does not run out of memory in one turn",
  (t) => {
    cuda.emptyCache();
    const { free } = cuda.memGetInfo();
    const size = Math.floor(free / 16);
    const run = () => {
      // Three times what is there.
      for (let n = 0; n < 48; n++) torch.empty([size], { dtype: "uint8", device: "cuda" });
    };
    t.notThrows(run);
    cuda.emptyCache();
    t.true(cuda.memoryAllocated() <= 2 * size, "what is dead was freed");
  },
);
