import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { findLibTorch } from "../../setup/libtorch/find";
import { root } from "../../setup/paths";
import { run } from "../../setup/process";
import { hashFiles, isFresh, writeStamp } from "../../setup/stamp";
import { findCompiler } from "../../setup/toolchain";

test("kernels for CUDA compute on the processor what plain loops do", (t) => {
  t.timeout(300_000);
  const result = run(program(t.log), [], { timeout: 240_000 });
  t.is(result.code, 0, result.stdout + result.stderr);
  t.regex(result.stdout, /^[1-9]\d{2,} comparisons, 0 failed$/m);
});

/** Compiles the kernels for the processor, unless that is done for these sources. */
function program(log: (text: string) => void): string {
  const kernels = join(root, "native", "cuda");
  const emulation = join(root, "test", "cuda", "emulation");
  const folder = join(root, "build", "emulation");
  const [stamp, made] = [join(folder, "stamp.json"), join(folder, "kernels")];
  const libtorch = findLibTorch().choice!;
  const compiler = findCompiler();
  const inputs = {
    sources: hashFiles(root, ["native/cuda", "test/cuda/emulation"]),
    libtorch: `${libtorch.path} ${libtorch.version}`,
    compiler,
  };
  if (isFresh(stamp, inputs)) return made;
  mkdirSync(folder, { recursive: true });
  const sources = [kernels, emulation].flatMap((path) =>
    readdirSync(path)
      .filter((name) => /\.cu$/.test(name) || (path === emulation && /\.cc$/.test(name)))
      .map((name) => join(path, name)),
  );
  const includes = [
    "-I",
    emulation,
    "-I",
    join(root, "native"),
    "-isystem",
    join(libtorch.path, "include"),
  ];
  const shim = ["-include", join(emulation, "cuda_runtime_api.h")];
  const library = join(libtorch.path, "lib");
  const links = ["-x", "none", "-L", library, "-lc10", `-Wl,-rpath,${library}`];
  const [command, ...own] = compiler.command!.trim().split(/\s+/);
  const flags = [...own, "-std=c++20", "-O1", "-w", ...shim, ...includes, "-x", "c++", ...sources];
  const compiled = run(command, [...flags, ...links, "-o", made], { timeout: 240_000 });
  if (compiled.code !== 0) throw new Error(`the kernels do not compile:\n${compiled.stderr}`);
  writeStamp(stamp, inputs);
  log("compiled the kernels for the processor");
  return made;
}
