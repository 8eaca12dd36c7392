// npm run fuzz [-- seed [count [target]]]: damaged files for every reader, 10,000 each.

import { fuzzInChild } from "./fuzz-children";
import { targets } from "./fuzz-targets";

const [seed = "1", count = "10000", only] = process.argv.slice(2);
let failures = 0;
for (const target of Object.keys(targets).filter((name) => !only || name === only)) {
  try {
    const options = { target, seed: Number(seed), count: Number(count), timeout: 20 * 60_000 };
    const { wrong, refused, read, slowest, grown } = fuzzInChild(options);
    const numbers = `${refused} refused, ${read} read, at most ${slowest} ms and ${grown} MiB`;
    console.log(`${target}: ${numbers}, ${wrong.length} wrong`);
    for (const problem of wrong.slice(0, 10)) console.log(`  ${problem}`);
    failures += wrong.length;
  } catch (error) {
    console.log((error as Error).message);
    failures += 1;
  }
}
process.exitCode = failures > 0 ? 1 : 0;
