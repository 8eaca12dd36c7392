import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { root } from "../../setup/paths";
import { libtorchFiles, temporaryFolder, writeFiles, writeProgram } from "./support";

const noGpu = "exit 9";
const gpu = 'echo "0, H200, 143771, 9.0, 580.65"';

/** The program on a machine whose PATH, nvcc and LibTorch are a test's own. */
function checkCuda(folder: string, args: string[], own: NodeJS.ProcessEnv = {}) {
  const env = { PATH: join(folder, "bin"), HOME: folder, CUDACXX: join(folder, "nvcc"), ...own };
  const program = join(root, "setup", "check-cuda.js");
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    env,
  });
  return { text: stdout + stderr, status };
}

test("without a GPU all that is missing is told at once, each with its remedy", (t) => {
  const folder = temporaryFolder(t);
  const libtorch = writeFiles(join(folder, "libtorch"), libtorchFiles("2.13.0", "cpu"));
  writeProgram(join(folder, "bin"), "nvidia-smi", noGpu);
  const { text, status } = checkCuda(folder, [], { LIBTORCH: libtorch });
  t.is(status, 0);
  t.regex(text, /skipped.*\n {2}.*no GPU.*\n {4}.*(driver, 580 or newer|nvidia-smi)/i);
  t.regex(text, /\n {2}nvcc is not installed\.\n {4}Install NVIDIA's CUDA toolkit 13/);
  t.true(text.includes(`LibTorch at ${libtorch} is built without CUDA (the LIBTORCH variable).`));
  t.regex(text, /\n {4}Point LIBTORCH at one with CUDA/);
});

test("what is there is not told as missing", (t) => {
  const folder = temporaryFolder(t);
  const libtorch = writeFiles(join(folder, "libtorch"), libtorchFiles("2.13.0", "cuda"));
  writeProgram(join(folder, "bin"), "nvidia-smi", noGpu);
  writeProgram(folder, "nvcc", 'echo "Cuda compilation tools, release 13.0, V13.0.88"');
  const { text } = checkCuda(folder, [], { LIBTORCH: libtorch });
  t.notRegex(text, /is not installed|built without CUDA/);
  t.regex(text, /no GPU/);
});

test("a LibTorch that the build would fetch is told with the command that does", (t) => {
  const folder = temporaryFolder(t);
  writeProgram(join(folder, "bin"), "nvidia-smi", noGpu);
  mkdirSync(join(folder, "cache"));
  const own = { ADAPTUNE_CACHE: join(folder, "cache"), XDG_CACHE_HOME: join(folder, "cache") };
  const { text } = checkCuda(folder, [], own);
  t.regex(text, /There is no LibTorch yet\.\n {4}Run: ADAPTUNE_DEVICE=cuda npx adaptune build/);
});

test("with a GPU, or to compile, what is in the way is an error", (t) => {
  const folder = temporaryFolder(t);
  const libtorch = writeFiles(join(folder, "libtorch"), libtorchFiles("2.13.0", "cpu"));
  writeProgram(join(folder, "bin"), "nvidia-smi", gpu);
  const all = checkCuda(folder, [], { LIBTORCH: libtorch });
  t.is(all.status, 1);
  t.regex(all.text, /nvcc is not installed.*built without CUDA/s);
  t.notRegex(all.text, /no GPU/);

  writeProgram(join(folder, "bin"), "nvidia-smi", noGpu);
  const compiling = checkCuda(folder, ["--compile"], { LIBTORCH: libtorch });
  t.is(compiling.status, 1);
  t.regex(compiling.text, /nvcc is not installed/);
  t.notRegex(compiling.text, /no GPU|built without CUDA/);
});
