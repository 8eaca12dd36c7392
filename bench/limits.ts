import * as torch from "adaptune/torch";
import type { Precision } from "./suites";

/** What the machine can do at most, as far as can be measured. */
export interface Limits {
  /** FLOP/s of the fastest matrix product of a transformer's size, and what computed it. */
  readonly products: Readonly<Record<Precision, { readonly flops: number; readonly by: string }>>;
  /** Bytes read and written a second. */
  readonly copied: number;
}

const shape = { rows: 1024, inputs: 768, outputs: 3072 };

/** Measures the limits of a device: the best of 10 tries each. */
export function measureLimits(device: string): Limits {
  return torch.noGrad(() =>
    torch.scope(() => ({
      products: { float32: product(device, "float32"), bfloat16: product(device, "bfloat16") },
      copied: copyRate(device),
    })),
  );
}

function product(device: string, dtype: Precision): { flops: number; by: string } {
  const make = (...sizes: number[]) => torch.randn(sizes, { device }).to(dtype);
  const x = make(shape.rows, shape.inputs);
  const weight = make(shape.outputs, shape.inputs);
  const bias = make(shape.outputs);
  const other = make(shape.rows, shape.outputs);
  const { binary } = torch.ops.mkldnn._linear_pointwise;
  const ways: Record<string, () => unknown> = {
    "at::linear": () => torch.linear(x, weight, bias),
    // With something added: the one form of oneDNN's product whose arguments JavaScript can give.
    ...(device === "cpu" && { oneDNN: () => binary(x, other, weight, bias, "add") }),
  };
  const work = 2 * shape.rows * shape.inputs * shape.outputs;
  const rates = Object.entries(ways).flatMap(([by, run]) => {
    try {
      return [{ by, flops: work / fastest(device, run) }];
    } catch (error) {
      // A LibTorch without it, or a processor that has no such product.
      if (error instanceof torch.TorchError || error instanceof TypeError) return [];
      throw error;
    }
  });
  return rates.reduce((best, rate) => (rate.flops > best.flops ? rate : best));
}

function copyRate(device: string): number {
  const bytes = 2 ** 28;
  const from = torch.ones([bytes / 4], { device });
  const to = torch.zeros([bytes / 4], { device });
  return (2 * bytes) / fastest(device, () => to.copy_(from));
}

/** Seconds of the fastest of 10 runs. */
function fastest(device: string, run: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < 10; round++) {
    const start = process.hrtime.bigint();
    torch.scope(() => {
      run();
      // Reading a value waits for all that was asked for before it.
      if (device !== "cpu") torch.zeros([1], { device }).item();
    });
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
  }
  return best;
}

/** The limits in one line. */
export function limitsLine({ products, copied }: Limits): string {
  const rates = Object.entries(products).map(
    ([dtype, { flops, by }]) => `${dtype} products ${(flops / 1e9).toFixed(0)} GFLOP/s (${by})`,
  );
  return `limits of this machine: ${rates.join(", ")}, copies ${(copied / 1e9).toFixed(1)} GB/s`;
}
