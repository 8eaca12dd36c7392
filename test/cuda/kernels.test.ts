import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { root } from "../../setup/paths";
import { run } from "../../setup/process";
import { compile } from "../compile";

test("kernels for CUDA compute on the processor what plain loops do", (t) => {
  t.timeout(300_000);
  const result = run(program(), [], { timeout: 240_000 });
  t.is(result.code, 0, result.stdout + result.stderr);
  t.regex(result.stdout, /^[1-9]\d{2,} comparisons, 0 failed$/m);
});

/** The kernels, compiled for the processor. */
function program(): string {
  const kernels = join(root, "native", "cuda");
  const emulation = join(root, "test", "cuda", "emulation");
  const sources = [kernels, emulation].flatMap((path) =>
    readdirSync(path)
      .filter((name) => /\.cu$/.test(name) || (path === emulation && /\.cc$/.test(name)))
      .map((name) => join(path, name)),
  );
  return compile({
    name: "emulation",
    sources,
    inputs: ["native/cuda", "test/cuda/emulation"],
    flags: ["-include", join(emulation, "cuda_runtime_api.h"), "-I", emulation],
  });
}
