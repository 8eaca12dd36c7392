// Microseconds of small operations, one JSON line: node -r ts-node/register/transpile-only <this>.
import * as torch from "../../src/torch";

const repetitions = 2000;
const rounds = 15;

const x = torch.randn([8]);
const y = torch.randn([8]);
const input = torch.randn([4, 16]);
const weight = torch.randn([16, 16]);
const bias = torch.randn([16]);
const leaf = torch.randn([8], { requiresGrad: true });

/** A chain of 20 operators and its gradient. */
function graph() {
  let h = leaf;
  for (let n = 0; n < 10; n++) h = h.mul(y).add(x);
  h.sum().backward();
}

const operations: Record<string, [() => unknown, number]> = {
  add: [() => x.add(y), repetitions],
  "add scalar": [() => x.add(1.5), repetitions],
  linear: [() => torch.linear(input, weight, bias), repetitions],
  view: [() => x.view([2, 4]), repetitions],
  "backward of 20": [graph, 50],
};

const best: Record<string, number> = {};
for (let round = 0; round < rounds; round++) {
  for (const [name, [operation, count]] of Object.entries(operations)) {
    const from = process.hrtime.bigint();
    torch.scope(() => {
      for (let n = 0; n < count; n++) operation();
    });
    const microseconds = Number(process.hrtime.bigint() - from) / 1000 / count;
    best[name] = Math.min(best[name] ?? Infinity, microseconds);
  }
}
console.log(JSON.stringify(best));
