import { realpathSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { inspectLibTorch, isSupported, library } from "../../../setup/libtorch/inspect";
import { libtorchFiles, temporaryFolder, writeFiles } from "../support";

test("version and flavour are read from the folder", (t) => {
  for (const flavour of ["cpu", "cuda"]) {
    const folder = writeFiles(realpathSync(temporaryFolder(t)), libtorchFiles("2.12.1", flavour));
    const libtorch = { path: folder, version: "2.12.1", flavour };
    t.deepEqual(inspectLibTorch(folder) as unknown, { libtorch, problem: null });
  }
});

test("without a version in the headers, the archive's own file tells it", (t) => {
  const header = "include/torch/headeronly/version.h";
  const files = { ...libtorchFiles("2.13.0"), [header]: "" };
  const folder = writeFiles(temporaryFolder(t), files);
  t.like(inspectLibTorch(folder), { problem: `${folder} does not tell its version` });
  writeFiles(folder, { "build-version": "2.14.0+cpu\n" });
  t.like(inspectLibTorch(folder), { libtorch: { version: "2.14.0+cpu" } });
});

test("what is missing is named", (t) => {
  const files = libtorchFiles("2.13.0");
  const lib = `lib/${library("torch_cpu")}`;
  delete files[lib];
  const folder = writeFiles(temporaryFolder(t), files);
  t.like(inspectLibTorch(folder), { libtorch: null, problem: `${folder} has no ${lib}` });
  const none = join(folder, "none");
  t.like(inspectLibTorch(none), { libtorch: null, problem: `${none} does not exist` });
});

test("2.11 to 2.14 are supported", (t) => {
  t.deepEqual(["2.11.0", "2.13.0+cu130", "2.14"].map(isSupported), [true, true, true]);
  t.deepEqual(
    ["2.10.9", "2.15.0", "1.13.0", "3.0.0", "nightly"].map(isSupported),
    Array(5).fill(false),
  );
});
