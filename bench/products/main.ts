// The matrix products of a linear layer by every way there is, by kind and shape:
//   npm run bench:products [-- --dtype bfloat16 --threads 1 --rounds 9 --shapes 1024x768x3072]
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import { Command } from "commander";
import { processorName } from "../processor";
import { median } from "../statistics";

interface Flags {
  readonly dtype: string;
  readonly threads: string;
  readonly rounds: string;
  readonly shapes: string;
}

/** Rows x inputs x outputs of VL-BERT's, LXMERT's and the demo's layers, and some with strides of powers of two. */
const usual =
  "1024x768x768,1024x768x3072,1024x3072x768,512x768x3072,512x3072x768,80x768x3072,80x3072x768," +
  "1024x768x2304,1024x1024x4096,1024x4096x1024,300x96x384";

const kinds = ["forward", "input gradient", "weight gradient"] as const;
type Kind = (typeof kinds)[number];

const { linear } = torch.ops.adaptune as unknown as {
  linear(x: Tensor, weight: Tensor): Tensor;
};

new Command("bench:products")
  .description("GFLOP/s of a linear layer's matrix products by every way that there is")
  .option("--dtype <name>", "float32 or bfloat16", "float32")
  .option("--threads <n>", "threads", String(torch.getNumThreads()))
  .option("--rounds <n>", "rounds, of which each runs every way once", "9")
  .option("--shapes <list>", "rows x inputs x outputs", usual)
  .action(main)
  .parse();

function main({ dtype, threads, rounds, shapes }: Flags): void {
  torch.setNumThreads(Number(threads));
  const ways = dtype === "float32" ? ["library", "oneDNN", "packed"] : ["library", "oneDNN"];
  console.log(
    `${processorName()}, ${threads} threads, LibTorch ${torch.version}, ${dtype}; ` +
      `GFLOP/s by ${ways.join(" / ")}, medians of ${rounds} rounds in turns`,
  );
  console.log(`| rows x inputs x outputs | ${kinds.join(" | ")} | error |\n|---|---|---|---|---|`);
  for (const shape of shapes.split(",").map(sizesOf)) {
    const measured = kinds.map((kind) => measure(shape, kind, ways, dtype, Number(rounds)));
    const cells = measured.map(({ rates }) => rates.map((rate) => rate.toFixed(0)).join(" / "));
    const error = Math.max(...measured.map((one) => one.error)).toExponential(1);
    console.log(`| ${shape.join(" x ")} | ${cells.join(" | ")} | ${error} |`);
  }
}

function sizesOf(text: string): [number, number, number] {
  const sizes = text.split("x").map(Number);
  if (sizes.length === 3 && sizes.every((size) => Number.isInteger(size) && size > 0))
    return sizes as [number, number, number];
  throw new Error(
    `--shapes: expected rows x inputs x outputs as in 1024x768x3072, given "${text}"`,
  );
}

/** GFLOP/s of each way, and the largest error of any relative to the largest result in double precision. */
function measure(
  [rows, inputs, outputs]: readonly [number, number, number],
  kind: Kind,
  ways: readonly string[],
  dtype: string,
  rounds: number,
): { rates: number[]; error: number } {
  return torch.scope(() => {
    const make = (...sizes: number[]) => torch.randn(sizes).to(dtype as torch.DType);
    const operands = [make(rows, inputs), make(outputs, inputs), make(rows, outputs)];
    const double = operands.map((one) => one.double());
    const exact = productOf(kind, double).run();
    const largest = Number(exact.abs().max().item());
    let error = 0;
    const seconds = ways.map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      // Another one first each time: it finds the operands colder than those after it.
      for (let turn = 0; turn < ways.length; turn++) {
        const n = (turn + round + ways.length) % ways.length;
        choose(dtype, ways[n]);
        torch.scope(() => {
          const { run } = productOf(kind, operands);
          const start = process.hrtime.bigint();
          const result = run();
          if (round >= 0) seconds[n].push(Number(process.hrtime.bigint() - start) / 1e9);
          else
            error = Math.max(
              error,
              Number(result.double().sub(exact).abs().max().item()) / largest,
            );
        });
      }
    }
    const work = 2 * rows * inputs * outputs;
    return { rates: seconds.map((times) => work / median(times) / 1e9), error };
  });
}

function choose(dtype: string, way: string): void {
  const products = Object.keys(torch.matrixProducts.choices());
  const own = products.filter((product) => product.startsWith(`${dtype} `));
  torch.matrixProducts.choose(Object.fromEntries(own.map((product) => [product, way])));
}

/** What computes one product, as autograd asks for it. */
function productOf(kind: Kind, [x, weight, dy]: readonly Tensor[]): { run: () => Tensor } {
  if (kind === "forward") return { run: () => torch.noGrad(() => linear(x, weight)) };
  const leaf = (kind === "input gradient" ? x : weight).detach().requiresGrad_();
  const y = kind === "input gradient" ? linear(leaf, weight) : linear(x, leaf);
  return { run: () => torch.grad([y], [leaf], { gradOutputs: [dy] })[0]! };
}
