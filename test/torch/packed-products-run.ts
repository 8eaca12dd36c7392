// Compares our own matrix products with float64, in a process that may use one instruction set:
// prints the largest relative error of each, and where what is not finite went astray.
import * as torch from "../../src/torch";
import { linear, select_linear } from "./fused-operators";

/** Rows, inputs, outputs: sums beyond what is summed up at once, tails of tiles, packed rows and rows in place. */
const sizes = [
  [1, 1, 1],
  [15, 770, 300],
  [29, 1024, 70],
  [770, 40, 1030],
  [1600, 9, 300],
  [47, 512, 33],
];

/** As a slice of rows that are a power of two apart, transposed, or as it is. */
const layouts: Record<string, (rows: number, columns: number) => torch.Tensor> = {
  whole: (rows, columns) => torch.randn([rows, columns]),
  slice: (rows, columns) => torch.randn([rows, 2048]).narrow(1, 3, columns),
  transposed: (rows, columns) => torch.randn([columns, rows]).t(),
};

const errors: Record<string, number> = {};
const astray: string[] = [];

function compare(what: string, found: torch.Tensor, expected: torch.Tensor): void {
  const off = found.double().sub(expected).abs().max();
  errors[what] = Number(off.div(expected.abs().max().clampMin(1e-30)).item());
}

/** Whether numbers that are none are where they are in double precision. */
function compareKinds(what: string, found: torch.Tensor, expected: torch.Tensor): void {
  if (!torch.equal(found.isnan(), expected.isnan())) astray.push(`${what}: NaN`);
  if (!torch.equal(found.isinf(), expected.isinf())) astray.push(`${what}: infinity`);
}

function results(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, dy: torch.Tensor) {
  const leaves = [x, weight].map((one) => one.detach().requiresGrad_());
  const y =
    x.dtype === "float32"
      ? linear(leaves[0], leaves[1], bias)
      : torch.linear(leaves[0], leaves[1], bias);
  const [dx, dWeight] = torch.grad([y], leaves, { gradOutputs: [dy] });
  return { y, dx: dx!, dWeight: dWeight! };
}

const products = Object.keys(torch.matrixProducts.choices()).filter((one) =>
  one.startsWith("float32 "),
);
torch.matrixProducts.choose(Object.fromEntries(products.map((product) => [product, "packed"])));
torch.manualSeed(5);

for (const [rows, inputs, outputs] of sizes) {
  for (const [layout, make] of Object.entries(layouts)) {
    torch.scope(() => {
      const given = [make(rows, inputs), make(outputs, inputs), torch.randn([outputs])] as const;
      const dy = make(rows, outputs);
      const name = (of: string) => `${rows} x ${inputs} x ${outputs}, ${layout}: ${of}`;
      const run = (double: boolean) => {
        const [x, weight, bias] = double ? given.map((one) => one.double()) : given;
        return results(x, weight, bias, double ? dy.double() : dy);
      };
      const [found, expected] = [run(false), run(true)];
      for (const of of ["y", "dx", "dWeight"] as const) compare(name(of), found[of], expected[of]);
      // The last of each, and one before: what is beyond the tiles' ends must not touch the others.
      given[0]
        .select(0, rows - 1)
        .select(0, inputs - 1)
        .fill_(Number.NaN);
      given[1]
        .select(0, outputs - 1)
        .select(0, 0)
        .fill_(Number.POSITIVE_INFINITY);
      dy.select(0, 0)
        .select(0, outputs - 1)
        .fill_(Number.NEGATIVE_INFINITY);
      const [odd, oddly] = [run(false), run(true)];
      for (const of of ["y", "dx", "dWeight"] as const) compareKinds(name(of), odd[of], oddly[of]);
    });
  }
}

for (const [heads, size, inputs] of [
  [3, 40, 520],
  [2, 300, 17],
]) {
  torch.scope(() => {
    const lengths = Array.from({ length: 60 }, (_, b) => (b * 11) % 31);
    const rows = lengths.reduce((all, one) => all + one);
    const choice = torch.randint(2, [heads * lengths.length]).toArray() as number[];
    const leaf = (...shape: number[]) => torch.randn(shape);
    const given = [
      leaf(rows, inputs),
      ...Array.from({ length: 4 }, () => leaf(heads * size, inputs)),
      ...Array.from({ length: 4 }, () => leaf(heads * size)),
    ];
    const dys = [leaf(rows, heads * size), leaf(rows, heads * size)];
    const run = (all: torch.Tensor[], slopes: torch.Tensor[]) => {
      const leaves = all.map((one) => one.detach().requiresGrad_());
      const [x, ...layers] = leaves;
      const [weights, biases] = [layers.slice(0, 4), layers.slice(4)];
      const ys = select_linear(x, weights, biases, 2, choice, lengths, heads);
      return [...ys, ...torch.grad(ys, leaves, { gradOutputs: slopes })] as torch.Tensor[];
    };
    const double = (all: torch.Tensor[]) => all.map((one) => one.double());
    const [found, expected] = [run(given, dys), run(double(given), double(dys))];
    for (const [n, one] of found.entries())
      compare(`${heads} heads of ${size}: ${n}`, one, expected[n]);
  });
}

console.log(JSON.stringify({ capability: torch.buildInfo().cpuCapability, errors, astray }));
