// Small operations; a JSON line of microseconds for every line of standard input.
import readline from "node:readline";
import * as torch from "../../src/torch";

torch.setNumThreads(1);
const x = torch.randn([8]);
const y = torch.randn([8]);
const input = torch.randn([4, 16]);
const weight = torch.randn([16, 16]);
const bias = torch.randn([16]);
const leaf = torch.randn([8], { requiresGrad: true });

function chain() {
  let h = leaf;
  for (let n = 0; n < 10; n++) h = h.mul(y).add(x);
  return h.sum();
}

const loss = chain();
const operations: Record<string, [() => unknown, number]> = {
  add: [() => x.add(y), 1000],
  "add of a number": [() => x.add(1.5), 1000],
  linear: [() => torch.linear(input, weight, bias), 1000],
  view: [() => x.view([2, 4]), 1000],
  "backward of 20 operators": [() => loss.backward(null, { retainGraph: true }), 50],
  "20 operators and backward": [() => chain().backward(), 50],
};

function measure([operation, count]: [() => unknown, number]): number {
  const from = process.hrtime.bigint();
  torch.scope(() => {
    for (let n = 0; n < count; n++) operation();
  });
  return Number(process.hrtime.bigint() - from) / 1000 / count;
}

console.log(JSON.stringify(torch.version));
readline.createInterface({ input: process.stdin }).on("line", () => {
  const times = Object.entries(operations).map(([name, timed]) => [name, measure(timed)]);
  console.log(JSON.stringify(Object.fromEntries(times)));
});
