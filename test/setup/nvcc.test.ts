import { join } from "node:path";
import test from "ava";
import { findNvcc } from "../../setup/nvcc";
import { temporaryFolder, writeProgram } from "./support";

const script = (release: string) =>
  `echo "Cuda compilation tools, release ${release}, V${release}.88"`;

test("nvcc of the CUDA that LibTorch is built with is found: named, or below a toolkit", (t) => {
  const folder = temporaryFolder(t);
  writeProgram(join(folder, "bin"), "nvcc", script("13.0"));
  const nvcc = join(folder, "bin", "nvcc");
  for (const env of [{ CUDACXX: nvcc }, { CUDA_HOME: folder, PATH: "/nowhere" }]) {
    t.deepEqual(findNvcc(env), { command: nvcc, version: "13.0.0", problem: null });
  }
});

test("nvcc of another CUDA is not taken, and none says so", (t) => {
  const folder = temporaryFolder(t);
  writeProgram(folder, "nvcc", script("12.4"));
  t.like(findNvcc({ CUDACXX: join(folder, "nvcc") }), {
    version: "12.4.0",
    problem: "nvcc 12.4.0 is not of CUDA 13, as LibTorch is.",
  });
  t.deepEqual(findNvcc({ CUDACXX: join(folder, "other") }), {
    command: null,
    version: null,
    problem: "nvcc is not installed.",
  });
});
