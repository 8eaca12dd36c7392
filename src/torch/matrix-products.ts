import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { cacheFolder } from "./cache";
import type { DType } from "./dtype";
import { writeWhole } from "./io/atomic";
import { native } from "./native";
import { version } from "./system";

/** What computes each product of a linear layer: "float32 forward large" -> "oneDNN", "library" or "packed". */
export type MatrixProducts = Readonly<Record<string, string>>;

/** The dtypes for which there is more than one way to multiply. */
const measurable: readonly DType[] = ["float32", "bfloat16"];
const settled = new Set<DType>();

/**
 * On the CPU LibTorch has two ways to multiply matrices, and adaptune one of its own for float32;
 * which one is fastest depends on the processor. What a linear layer takes is measured once a
 * machine, for a second or two a dtype, and kept in adaptune's cache; results differ in their last bits.
 */
export const matrixProducts = {
  /** What is taken now, for a record that makes a result repeatable. */
  choices: (): MatrixProducts => native.matrixProducts(),

  /** Takes these from now on; throws TorchError for a product or way that there is not. */
  choose(products: MatrixProducts): void {
    native.chooseMatrixProducts(products);
    for (const dtype of measurable) {
      if (Object.keys(products).some((product) => product.startsWith(`${dtype} `))) {
        settled.add(dtype);
      }
    }
  },

  /** Sees to it that a dtype's products are chosen: at the first time from the cache, or measured. */
  settle(dtype: DType): void {
    if (settled.has(dtype) || !measurable.includes(dtype)) return;
    settled.add(dtype);
    const file = cacheFile(dtype);
    const known = readCache(file);
    if (known) {
      native.chooseMatrixProducts(known);
      return;
    }
    native.measureMatrixProducts(dtype);
    const measured = Object.entries(native.matrixProducts()).filter(([product]) =>
      product.startsWith(`${dtype} `),
    );
    writeCache(file, Object.fromEntries(measured));
  },
};

/** Of how it is measured and what there is to choose from: what was measured otherwise is no answer. */
const measurement = 2;

/** One file a processor, its instructions in use, number of threads, LibTorch and dtype. */
function cacheFile(dtype: DType): string {
  const processor = (os.cpus()[0]?.model ?? "unknown").trim();
  const { cpuCapability } = native.build();
  const name = [processor, cpuCapability, native.getNumThreads(), version, dtype, measurement];
  return path.join(cacheFolder(), "products", `${name.join("-").replace(/[^\w.-]+/g, "-")}.json`);
}

function readCache(file: string): MatrixProducts | null {
  try {
    const known = JSON.parse(fs.readFileSync(file, "utf8")) as MatrixProducts;
    const names = Object.keys(native.matrixProducts());
    const isSound = Object.entries(known).every(
      ([product, way]) => names.includes(product) && ["library", "oneDNN", "packed"].includes(way),
    );
    return isSound && Object.keys(known).length > 0 ? known : null;
  } catch {
    return null; // absent or broken: it is measured and written again
  }
}

/** A cache that can not be written costs the measurement at every start, nothing else. */
function writeCache(file: string, products: MatrixProducts): void {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    writeWhole(file, `${JSON.stringify(products, null, 2)}\n`);
  } catch {
    // It is measured again.
  }
}
