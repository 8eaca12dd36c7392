import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";

const { refreshDist } = require("../../setup/dist") as { refreshDist(root: string): number };

const root = join(__dirname, "..", "..");
const folder = join(root, "examples");

// Examples use the package as a user does: compiled, by its name.
test.before(() => {
  refreshDist(root);
});

/** What each example prints, among other things. */
const EXPECTED: Record<string, RegExp> = {
  "torch-in-a-minute.ts":
    /step 100: loss \d\.\d\de-[2-9]\d?\n.*read back \[ 'bias', 'weight' \]|read back/s,
  "adapt-vl-bert.ts": /step 40: loss \d\.\d{3}\n0 is frozen.*FLOPs for the first input/s,
  "your-own-model.ts": /layers\.2.*skip/s,
  "resnet.ts": /ResNet +\[1, 4\].*step 30: loss 0\.\d{3}\n(9\d|100) of 100 new images right/s,
  "gpt.ts": /step 150: loss 0\.\d{3}\nsampled: one two three/,
  "centernet.ts": /airplane, in [\d,]+ ms:\n {2}airplane .* % {2}box/,
};

const scripts = readdirSync(folder).filter((file) => file.endsWith(".ts"));

for (const file of scripts) {
  test(`${file} runs and prints what it is about`, async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "-r",
      "ts-node/register/transpile-only",
      join(folder, file),
    ]);
    t.regex(stdout, EXPECTED[file]);
  });
}
