import test from "ava";
import { availableMemory, capabilities, describeCpu } from "../../setup/cpu";

test("flags of Linux and macOS are named alike", (t) => {
  const named = (flags: string) => capabilities(new Set(flags.split(" ")));
  t.deepEqual(named("sse avx2 fma avx512f amx_bf16"), ["AVX2", "FMA", "AVX-512", "AMX BF16"]);
  t.deepEqual(named("fp asimd bf16"), ["NEON", "ARM BF16"]);
  t.deepEqual(named("fp advsimd feat_bf16"), ["NEON", "ARM BF16"]);
  t.deepEqual(named(""), []);
});

test("this processor is described", (t) => {
  const cpu = describeCpu();
  t.true(cpu.model.length > 0);
  t.true(cpu.cores >= 1 && cpu.threads >= 1);
  t.true(availableMemory() > 1e8 && cpu.memoryBytes === availableMemory());
});
