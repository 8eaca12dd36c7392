import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { findLibTorch } from "../../setup/libtorch/find";
import { root } from "../../setup/paths";
import { makeReadyMade } from "../../setup/prebuild";
import { libtorchFiles, temporaryFolder, writeFiles } from "./support";

/** An installed package with a ready-made addon and neither a compiler nor CMake on its PATH. */
function installed(folder: string) {
  const kept = ["bin", "binding.gyp", "CMakeLists.txt", "dist", "native", "package.json", "setup"];
  for (const name of kept) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return makeReadyMade(join(folder, "prebuilds"));
}

function install(folder: string, libtorch: string) {
  const env = { PATH: join(folder, "bin"), HOME: folder, LIBTORCH: libtorch };
  const options = { cwd: folder, env, encoding: "utf8" } as const;
  const script = join(folder, "setup", "install.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], options);
  return { status, text: stdout + stderr };
}

test("an install that finds a ready-made addon compiles nothing", (t) => {
  const folder = temporaryFolder(t);
  const addon = installed(folder);
  t.regex(addon, /adaptune\.napi(\.glibc|\.musl)?\.node$/);
  const { path: libtorch } = findLibTorch().choice!;
  const { status, text } = install(folder, libtorch);
  t.is(status, 0, text);
  t.true(text.includes(`using the ready-made addon ${addon}`), text);
  t.notRegex(text, /Building the addon/);
  t.false(existsSync(join(folder, "build", "cmake")));
  t.is(readlinkSync(join(folder, "libtorch")), libtorch);

  const script = 'console.log(require("./dist/torch").ones([2]).sum().item())';
  const used = spawnSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8" });
  t.is(used.stdout.trim(), "2", used.stderr);
});

test("for another LibTorch it says so and compiles, or says what that needs", (t) => {
  const folder = temporaryFolder(t);
  installed(folder);
  const other = writeFiles(join(folder, "other"), libtorchFiles("2.12.0", "cpu"));
  const { status, text } = install(folder, other);
  const { version } = findLibTorch().choice!;
  t.is(status, 1);
  t.true(text.includes(`the ready-made addon is for LibTorch ${version}`), text);
  t.true(text.includes(`ADAPTUNE_LIBTORCH_VERSION=${version}`), text);
  t.regex(text, /No C\+\+ compiler found/);
  t.false(existsSync(join(folder, "libtorch")));
});
