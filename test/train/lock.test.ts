import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { takeLock } from "../../src/train/lock";

function newFile(t: { teardown: (f: () => void) => void }): string {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-lock-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, "lock");
}

test("a lock is refused with its holder, and free when given back", (t) => {
  const file = newFile(t);
  const release = takeLock(file);
  t.throws(() => takeLock(file), { message: new RegExp(`process ${process.pid} `) });
  release();
  t.deepEqual(readdirSync(join(file, "..")), []);
  takeLock(file)();
});

test("a lock of a killed process is taken over, one of another machine is not", async (t) => {
  const file = newFile(t);
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  takeLock(file);
  const own = JSON.parse(readFileSync(file, "utf8"));
  const stat = existsSync("/proc") && readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const started = stat ? stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] : null;
  const theirs = { ...own, pid: child.pid, started, token: "theirs" };
  writeFileSync(file, JSON.stringify(theirs));
  t.throws(() => takeLock(file), { message: new RegExp(`process ${child.pid} `) });
  child.kill("SIGKILL");
  await once(child, "exit");
  takeLock(file)();
  writeFileSync(file, JSON.stringify({ ...theirs, host: "elsewhere" }));
  t.throws(() => takeLock(file), { message: /elsewhere/ });
});
