import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { findPip, findPythonTorch } from "../../../setup/libtorch/python";
import { libtorchFiles, temporaryFolder, writeFiles, writeProgram } from "../support";

const withPython = spawnSync("python3", ["--version"]).status === 0 ? test : test.skip;

withPython("a torch that Python could import is found without importing it", (t) => {
  const folder = realpathSync(temporaryFolder(t));
  const torch = join(folder, "torch");
  writeFiles(torch, { "__init__.py": "raise SystemExit(3)\n", ...libtorchFiles("2.12.0") });
  const found = findPythonTorch({ ...process.env, PYTHONPATH: folder });
  t.like(found, { libtorch: { path: torch, version: "2.12.0" }, python: "python3" });
});

test("python is asked when python3 has no torch", (t) => {
  const folder = realpathSync(temporaryFolder(t));
  const torch = writeFiles(join(folder, "torch"), libtorchFiles("2.13.0"));
  writeProgram(folder, "python3", "echo");
  writeProgram(folder, "python", `echo ${torch}`);
  t.like(findPythonTorch({ PATH: folder }), { libtorch: { path: torch }, python: "python" });
});

test("a Python that is missing or does not run is told", (t) => {
  const folder = temporaryFolder(t);
  writeProgram(folder, "python", "exit 1");
  const problem = "no python3, python does not run";
  t.like(findPythonTorch({ PATH: folder }), { libtorch: null, problem });
  t.is(findPip({ PATH: folder }), null);
  writeProgram(folder, "python", "exit 0");
  t.is(findPip({ PATH: folder }), "python");
});
