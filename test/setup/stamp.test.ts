import { renameSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { hashFiles, isFresh, listFiles, writeStamp } from "../../setup/stamp";
import { temporaryFolder, writeFiles } from "./support";

test("an output is fresh while what it was made from is the same", (t) => {
  const stamp = join(temporaryFolder(t), "build", "stamp.json");
  const inputs = { sources: "abc", libtorch: { version: "2.13.0" } };
  t.false(isFresh(stamp, inputs));
  writeStamp(stamp, inputs);
  t.true(isFresh(stamp, structuredClone(inputs)));
  t.false(isFresh(stamp, { ...inputs, sources: "abd" }));
  t.false(isFresh(stamp, { ...inputs, libtorch: { version: "2.13.1" } }));
  t.false(isFresh(stamp, { ...inputs, more: 1 }));
});

test("a hash depends on contents and names, not on when files were written", (t) => {
  const folder = writeFiles(temporaryFolder(t), {
    "native/a.cc": "a",
    "native/b/c.cc": "c",
    x: "x",
  });
  const hash = () => hashFiles(folder, ["x", "native"]);
  const first = hash();
  writeFiles(folder, { "native/a.cc": "a", "elsewhere.cc": "e" });
  t.is(hash(), first);
  renameSync(join(folder, "native/a.cc"), join(folder, "native/d.cc"));
  const renamed = hash();
  t.not(renamed, first);
  writeFiles(folder, { "native/d.cc": "d" });
  t.not(hash(), renamed);
});

test("files are listed through folders, and a missing one is none", (t) => {
  const folder = writeFiles(temporaryFolder(t), { "b/c.ts": "", "b/a.ts": "", "a.ts": "" });
  t.deepEqual(listFiles(folder, "."), ["a.ts", "b/a.ts", "b/c.ts"]);
  t.deepEqual(listFiles(folder, "b/c.ts"), ["b/c.ts"]);
  t.deepEqual(listFiles(folder, "none"), []);
});
