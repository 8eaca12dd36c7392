import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { temporaryFolder } from "./support";

const root = path.join(__dirname, "../..");
const onLinux = process.platform === "linux" ? test : test.skip;

/** What importing says with an addon some bytes of which are others. */
function importing(t: ExecutionContext, from: RegExp, to: (found: string) => string): string {
  const release = path.join(temporaryFolder(t), "build", "Release");
  fs.mkdirSync(release, { recursive: true });
  const addon = fs.readFileSync(path.join(root, "build/Release/adaptune.node"), "latin1");
  const changed = addon.replace(from, to);
  t.not(changed, addon);
  t.is(changed.length, addon.length);
  fs.writeFileSync(path.join(release, "adaptune.node"), changed, "latin1");
  const main = path.join(root, "src/torch/index.ts");
  const args = ["-r", "ts-node/register/transpile-only", "-e", `require(${JSON.stringify(main)})`];
  const env = { ...process.env, ADAPTUNE_PREBUILD: path.join(release, "../..") };
  const { status, signal, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    encoding: "utf8",
  });
  t.deepEqual([status, signal], [1, null], stderr);
  const [said] =
    /^.*adaptune's native addon cannot be loaded: [\s\S]*?set-up\.\)/m.exec(stderr) ?? [];
  return said ?? stderr;
}

const remedy = "\nBuild it with: npx adaptune build\n";

onLinux("an addon that was built against another LibTorch says so", (t) => {
  const said = importing(t, /(adaptune is built against LibTorch )\d/, (found) =>
    found.replace(/\d/, "9"),
  );
  t.regex(said, /it was built against LibTorch 9\.\d+\.\d+, and 2\.\d+\.\d+ is there now\n/);
  t.true(said.includes(remedy));
});

onLinux("a LibTorch that lacks a function ends no process", (t) => {
  const said = importing(t, /_ZN2at11show_configB?[^\0]*/, (found) =>
    found.replace("show", "shew"),
  );
  t.regex(
    said,
    /built against another LibTorch than is there now, which lacks _ZN2at11shew_config/,
  );
  t.true(said.includes(remedy));
});

onLinux("a LibTorch that was moved is named", (t) => {
  const said = importing(t, /libtorch_cpu\.so/, () => "libtorch_gpu.so");
  t.regex(said, /LibTorch's libtorch_gpu\.so is not where it was when the addon was built\n/);
  t.true(said.includes(remedy));
});
