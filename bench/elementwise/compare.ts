// Fused elementwise operators beside LibTorch's, one by one as TypeScript would call them; medians of
// interleaved rounds. From the repository's root:
//   node -r ts-node/register/transpile-only bench/elementwise/compare.ts [rounds]
import { functional } from "../../src/nn";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { median } from "../statistics";

const rounds = Number(process.argv[2] ?? 31);
const B = 16;
const S = 64;
const D = 768;
const H = 12;
const P = 0.1;

/** Two ways to the same result, each of which is differentiated to all inputs. */
interface Comparison {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly ours: (...inputs: Tensor[]) => Tensor;
  readonly unfused: (...inputs: Tensor[]) => Tensor;
}

function comparisons(dtype: DType): Comparison[] {
  const draw = (...shape: number[]) => torch.randn(shape, { dtype, requiresGrad: true });
  const rows = () => draw(B, S, D);
  const weight = torch.ones([D], { dtype, requiresGrad: true });
  const bias = torch.zeros([D], { dtype, requiresGrad: true });
  const heads = () => draw(B, H, S, D / H);
  const addNorm = (p: number): Comparison => ({
    name: `dropout ${p}, sum, norm [${B},${S},${D}]`,
    inputs: [rows(), rows(), weight, bias],
    ours: (x, residual, w, b) => functional.dropoutAddLayerNorm(x, residual, w, b, { p }),
    unfused: (x, residual, w, b) =>
      torch.layerNorm((p > 0 ? torch.dropout(x, p, true) : x).add(residual), [D], w, b),
  });
  return [
    addNorm(0),
    addNorm(P),
    {
      name: `dropout ${P} [${B},${S},${D}]`,
      inputs: [rows()],
      ours: (x) => functional.dropout(x, P),
      unfused: (x) => torch.dropout(x, P, true),
    },
    {
      name: `bias, gelu [${B},${S},${4 * D}]`,
      inputs: [draw(B, S, 4 * D), draw(4 * D)],
      ours: (x, b) => functional.gelu(x, b),
      unfused: (x, b) => torch.gelu(x.add(b)),
    },
    {
      name: `attention, dropout ${P} [${B},${H},${S},${D / H}]`,
      inputs: [heads(), heads(), heads()],
      ours: (q, k, v) => functional.scaledDotProductAttention(q, k, v, { dropoutP: P }),
      unfused: (q, k, v) => torch.scaledDotProductAttention(q, k, v, { dropoutP: P }),
    },
  ];
}

/** Milliseconds of a forward without a graph, and of a forward with its backward. */
function time(fn: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): [number, number] {
  const clock = (run: () => void) => {
    const from = process.hrtime.bigint();
    torch.scope(run);
    return Number(process.hrtime.bigint() - from) / 1e6;
  };
  const forward = clock(() => torch.noGrad(() => void fn(...inputs)));
  const both = clock(() => {
    const out = fn(...inputs);
    torch.grad(out, inputs, { gradOutputs: out.detach() });
  });
  return [forward, both];
}

console.log(
  `${"operation".padEnd(40)} ${"dtype".padEnd(9)} ` +
    "forward ms: ours unfused ratio | and backward: ours unfused ratio",
);
for (const dtype of ["float32", "bfloat16"] as const) {
  for (const { name, inputs, ours, unfused } of comparisons(dtype)) {
    const found = { ours: [] as [number, number][], unfused: [] as [number, number][] };
    for (let round = -3; round < rounds; round++) {
      const times = { ours: time(ours, inputs), unfused: time(unfused, inputs) };
      if (round < 0) continue;
      found.ours.push(times.ours);
      found.unfused.push(times.unfused);
    }
    const figures = [0, 1].map((n) => {
      const [a, b] = [found.ours, found.unfused].map((all) => median(all.map((each) => each[n])));
      return `${a.toFixed(3).padStart(8)} ${b.toFixed(3).padStart(8)} ${(b / a).toFixed(2).padStart(6)}`;
    });
    console.log(name.padEnd(40), dtype.padEnd(9), figures.join(" | "));
  }
}
