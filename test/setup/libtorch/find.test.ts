import { realpathSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { SetupFailure } from "../../../setup/failure";
import { findLibTorch } from "../../../setup/libtorch/find";
import { libtorchFiles, temporaryFolder, writeFiles, writeProgram } from "../support";

interface Machine {
  /** The torch that Python imports, by version and flavour. */
  python?: [string, string];
  cache?: [string, string][];
  env?: NodeJS.ProcessEnv;
}

/** A machine with fake folders, on whose PATH nothing else is. */
function machine(t: ExecutionContext, { python, cache = [], env = {} }: Machine) {
  const folder = realpathSync(temporaryFolder(t));
  const place = (name: string, [version, flavour]: [string, string]) =>
    writeFiles(join(folder, name), libtorchFiles(version, flavour));
  const imported = python ? place("site-packages/torch", python) : "";
  writeProgram(join(folder, "bin"), "python3", `echo "${imported}"`);
  for (const one of cache) place(`cache/adaptune/libtorch/${one.join("-")}/torch`, one);
  const PATH = join(folder, "bin");
  const paths = { PATH, HOME: folder, XDG_CACHE_HOME: join(folder, "cache") };
  return { folder, place, env: { ...paths, ADAPTUNE_DEVICE: "cpu", ...env } };
}

const cpu: [string, string] = ["2.13.0", "cpu"];
const cuda: [string, string] = ["2.13.0", "cuda"];

test("LIBTORCH comes first", (t) => {
  const { env, place } = machine(t, { python: cpu, cache: [cpu] });
  const folder = place("mine", ["2.11.1", "cpu"]);
  const { choice } = findLibTorch({ ...env, LIBTORCH: folder });
  t.like(choice, { path: folder, version: "2.11.1", flavour: "cpu", source: "LIBTORCH" });
});

test("a LIBTORCH of no use is an error, not passed over", (t) => {
  const { env, folder, place } = machine(t, { python: cpu });
  const refused = (LIBTORCH: string, message: string) => {
    const find = () => findLibTorch({ ...env, LIBTORCH });
    t.is(t.throws(find, { instanceOf: SetupFailure }).message, message);
  };
  const none = join(folder, "none");
  refused(none, `LIBTORCH is set, but ${none} does not exist.`);
  refused(folder, `LIBTORCH is set, but ${folder} has no include/ATen/ATen.h.`);
  const old = place("old", ["2.10.0", "cpu"]);
  refused(old, `LIBTORCH is set, but ${old} is version 2.10.0, not 2.11 to 2.14.`);
});

test("then Python's torch, then the cache", (t) => {
  const both = machine(t, { python: ["2.12.0", "cpu"], cache: [cpu] });
  t.like(findLibTorch(both.env).choice, { version: "2.12.0", source: "python" });
  const { env, folder } = machine(t, { cache: [cpu] });
  const { choice, notes } = findLibTorch(env);
  const path = join(folder, "cache/adaptune/libtorch/2.13.0-cpu/torch");
  t.like(choice, { path, version: "2.13.0", source: "cache" });
  t.deepEqual(notes, ["Python: python3 has no torch, no python"]);
});

test("with nothing there, all that was looked at is told", (t) => {
  const { env, folder } = machine(t, { python: ["2.15.0", "cpu"] });
  const { choice, notes } = findLibTorch(env);
  t.is(choice, null);
  t.deepEqual(notes, [
    `Python: ${join(folder, "site-packages/torch")} is version 2.15.0, not 2.11 to 2.14, no python`,
    `cache: no 2.13.0 in ${join(folder, "cache/adaptune/libtorch")}`,
  ]);
});

test("a half-empty folder in the cache is passed over", (t) => {
  const { env, folder } = machine(t, { cache: [] });
  writeFiles(join(folder, "cache/adaptune/libtorch/2.13.0-cpu/torch"), {
    "include/ATen/ATen.h": "",
  });
  t.is(findLibTorch(env).choice, null);
});

test("the newest and oldest supported versions are taken", (t) => {
  for (const version of ["2.11.0", "2.14.3"]) {
    const { env } = machine(t, { python: [version, "cpu"] });
    t.like(findLibTorch(env).choice, { version });
  }
});

test("a CPU build is not taken where CUDA is required", (t) => {
  const env = { ADAPTUNE_DEVICE: "cuda" };
  const wanting = machine(t, { python: cpu, cache: [cpu], env });
  const { choice, notes } = findLibTorch(wanting.env);
  t.is(choice, null);
  t.is(notes[0], "Python's torch is built without CUDA, and ADAPTUNE_DEVICE=cuda");
  const having = machine(t, { python: cpu, cache: [cpu, cuda], env });
  t.like(findLibTorch(having.env).choice, { flavour: "cuda", source: "cache" });
});

test("a CUDA build serves where the CPU is asked for, after a CPU one", (t) => {
  t.like(findLibTorch(machine(t, { cache: [cuda] }).env).choice, { flavour: "cuda" });
  t.like(findLibTorch(machine(t, { cache: [cuda, cpu] }).env).choice, { flavour: "cpu" });
});

test("another version can be asked for", (t) => {
  const env = { ADAPTUNE_LIBTORCH_VERSION: "2.12.1" };
  const older: [string, string] = ["2.12.1", "cpu"];
  const { choice, notes } = findLibTorch(machine(t, { python: cpu, cache: [older], env }).env);
  t.like(choice, { version: "2.12.1", source: "cache" });
  t.deepEqual(notes, ["Python's torch is 2.13.0, not ADAPTUNE_LIBTORCH_VERSION=2.12.1"]);
  const unsupported = machine(t, { env: { ADAPTUNE_LIBTORCH_VERSION: "2.9.0" } });
  t.throws(() => findLibTorch(unsupported.env), {
    message: /2\.9\.0, which is not 2\.11 to 2\.14/,
  });
});

test("a mistyped ADAPTUNE_DEVICE is an error", (t) => {
  const { env } = machine(t, { python: cpu, env: { ADAPTUNE_DEVICE: "gpu" } });
  t.throws(() => findLibTorch(env), {
    instanceOf: SetupFailure,
    message: /ADAPTUNE_DEVICE is "gpu"/,
  });
});
