import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import test from "ava";

const { writeWhole } = require("../../setup/whole-file") as {
  writeWhole: (file: string, content: string | ((descriptor: number) => void)) => void;
};

const root = mkdtempSync(join(tmpdir(), "adaptune-whole-"));
test.after.always(() => rmSync(root, { recursive: true }));

let count = 0;
function folder(): string {
  const path = join(root, `${count++}`);
  mkdirSync(path);
  return path;
}

test("threads that write one file never fail, and a reader sees one whole file", async (t) => {
  const file = join(folder(), "shared");
  const script = `
    const { workerData, parentPort } = require("node:worker_threads");
    const { writeWhole } = require(workerData.module);
    let failures = 0;
    for (let n = 0; n < 60; n++) {
      try { writeWhole(workerData.file, String(workerData.letter).repeat(100_000)); } catch { failures += 1; }
    }
    parentPort.postMessage(failures);
  `;
  const module = require.resolve("../../setup/whole-file");
  let running = 4;
  const failures = ["a", "b", "c", "d"].map(
    (letter) =>
      new Promise<number>((resolve, reject) => {
        const worker = new Worker(script, { eval: true, workerData: { module, file, letter } });
        worker.on("message", resolve);
        worker.on("error", reject);
        worker.on("exit", () => {
          running -= 1;
        });
      }),
  );
  let torn = 0;
  let reads = 0;
  while (running > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    reads += 1;
    if (text !== text[0].repeat(100_000)) torn += 1;
  }
  t.deepEqual(await Promise.all(failures), [0, 0, 0, 0]);
  t.true(reads > 0);
  t.is(torn, 0);
  t.deepEqual(readdirSync(join(file, "..")), ["shared"]);
});

test("what was there stays when writing fails, and nothing is left over", (t) => {
  const file = join(folder(), "file");
  writeWhole(file, "before");
  const failing = () => {
    throw new TypeError("in between");
  };
  t.throws(() => writeWhole(file, failing), { instanceOf: TypeError, message: "in between" });
  t.is(readFileSync(file, "utf8"), "before");
  t.deepEqual(readdirSync(join(file, "..")), ["file"]);
});

test("a file's mode stays, and a link stays with what it points at written", (t) => {
  const at = folder();
  const file = join(at, "file");
  writeFileSync(file, "before");
  chmodSync(file, 0o640);
  symlinkSync("file", join(at, "link"));
  symlinkSync("later", join(at, "dangling"));
  writeWhole(join(at, "link"), "after");
  writeWhole(join(at, "dangling"), "new");
  t.is(readFileSync(file, "utf8"), "after");
  t.is(statSync(file).mode & 0o777, 0o640);
  t.true(lstatSync(join(at, "link")).isSymbolicLink());
  t.is(readFileSync(join(at, "later"), "utf8"), "new");
});

test("links in a circle, folders and missing folders are errors with the path and what helps", (t) => {
  const at = folder();
  symlinkSync("b", join(at, "a"));
  symlinkSync("a", join(at, "b"));
  t.throws(() => writeWhole(join(at, "a"), ""), { code: "ELOOP" });
  t.throws(() => writeWhole(join(at, "none", "file"), ""), {
    code: "ENOENT",
    message: /none\/file could not be written: its folder is not there/,
  });
  t.throws(() => writeWhole(at, ""), { code: "EISDIR", message: /a folder has that name/ });
  t.deepEqual(readdirSync(at).sort(), ["a", "b"]);
});

test("names as long as a name may be are written", (t) => {
  const file = join(folder(), "n".repeat(255));
  writeWhole(file, "long");
  t.is(readFileSync(file, "utf8"), "long");
});

const full = "/dev/full";
(existsSync(full) ? test : test.skip)("a full disk is an error with the path and its code", (t) => {
  const file = join(folder(), "file");
  const onto = () => writeFileSync(full, "x");
  t.throws(() => writeWhole(file, onto), {
    code: "ENOSPC",
    message: /file could not be written: the disk is full/,
  });
  t.false(existsSync(file));
});
