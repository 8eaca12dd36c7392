import { join } from "node:path";

// Calls every function of the addon with wrong kinds and counts of arguments, before and after TypeScript's
// side is attached; nothing but errors may come of it. `--attached` for the latter.

type Raw = Record<string, (...args: unknown[]) => unknown>;

const addon: Raw = require("node-gyp-build")(join(__dirname, "../.."));
const isAttached = process.argv.includes("--attached");
const torch = isAttached ? require("../../src/torch") : null;

/** They take long, and no arguments. */
const slow = new Set(["schemas", "uncovered", "collect", "memoryReport", "build"]);

const throwing = () => {
  throw new Error("a getter's own");
};
const disposed = torch?.ones([1]);
disposed?.dispose();
const values: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  0.5,
  3,
  2 ** 53,
  1e300,
  NaN,
  5n,
  2n ** 70n,
  "",
  "cpu",
  "float32",
  Symbol("wrong"),
  [],
  [1],
  [null],
  [[1]],
  {},
  { re: 1, im: 2 },
  { length: 5 },
  { dtype: "float32", shape: [1], begin: 0, end: 4 },
  { TorchError: Error, Tensor: class {}, handleKey: 3, manyUnscoped: null },
  Object.create(null),
  new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing }),
  () => 1,
  throwing,
  async () => 1,
  new Uint8Array(4),
  new Float32Array(0),
  new BigInt64Array(1),
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  Promise.resolve(1),
  ...(torch ? [torch.ones([2, 2]), disposed, torch.defaultGenerator, [torch.ones([1])]] : []),
];

let seed = 7;
function pick(): unknown {
  seed = (seed * 1103515245 + 12345) % 2 ** 31;
  return values[Math.floor((seed / 2 ** 31) * values.length)];
}

function calls(): unknown[][] {
  const each = values.flatMap((value) => [[value], [value, value]]);
  const many = Array.from({ length: 150 }, (_, n) => Array.from({ length: 1 + (n % 6) }, pick));
  return [[], ...each, ...many];
}

let count = 0;
for (const name of Object.keys(addon)) {
  if (typeof addon[name] !== "function") continue;
  for (const args of slow.has(name) ? [[]] : calls()) {
    try {
      addon[name](...args);
    } catch (error) {
      if (!(error instanceof Error)) throw new Error(`${name} threw ${String(error)}`);
    }
    count += 1;
  }
  process.stdout.write(`${name}\n`);
}
process.stdout.write(`${count} calls\n`);
// Wrong calls may have left scopes open, or the number of threads another one: the process ends here.
process.exit(0);
