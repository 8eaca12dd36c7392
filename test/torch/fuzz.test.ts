import test from "ava";
import { fuzzInChild } from "./fuzz-children";
import { targets } from "./fuzz-targets";

for (const target of Object.keys(targets)) {
  test(`${target}: 500 damaged files are refused or read, and never more`, (t) => {
    const report = fuzzInChild({ target, seed: 1, count: 500, timeout: 90_000 });
    t.deepEqual(report.wrong, []);
    t.is(report.refused + report.read, 500);
    t.true(report.refused > 50, `only ${report.refused} were refused`);
  });
}
