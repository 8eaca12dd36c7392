import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import * as torch from "../torch";
import { describeDevice } from "./device";

/** What a result may depend on beside its recipe. */
export interface Environment {
  readonly adaptune: string;
  readonly libtorch: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly processors: number;
  /** Threads that LibTorch computes with: sums in another order differ in their last bits. */
  readonly threads: number;
  /** What multiplies matrices in linear layers: the same for last bits. */
  readonly matrixProducts: torch.MatrixProducts;
  readonly memoryGiB: number;
  readonly cudaDevices: number;
  /** The torch device that the run computes on, and what it is. */
  readonly device: torch.Device;
  readonly deviceName: string;
  readonly started: string;
}

/** Describes this process, where a run computes on a device in single precision and in one of its own. */
export function describeEnvironment(
  precision: torch.DType = "float32",
  device: torch.Device = "cpu",
): Environment {
  for (const dtype of ["float32", precision] as const) torch.matrixProducts.settle(dtype);
  return {
    adaptune: packageVersion(),
    libtorch: torch.version,
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    processor: processor(),
    processors: cpus().length,
    threads: torch.getNumThreads(),
    matrixProducts: torch.matrixProducts.choices(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    cudaDevices: torch.cuda.deviceCount(),
    device,
    deviceName: describeDevice(device),
    started: new Date().toISOString(),
  };
}

/** Sees to it that results are those of an earlier run to the bit, where the machine is of its kind. */
export function computeAsIn(run: Environment): void {
  torch.setNumThreads(run.threads);
  const isAlike = run.processor === processor() && run.libtorch === torch.version;
  if (isAlike && run.matrixProducts) torch.matrixProducts.choose(run.matrixProducts);
}

function processor(): string {
  return cpus()[0]?.model.trim() ?? "unknown";
}

/** The version in the package's manifest, beside src/ in a checkout and dist/ when installed. */
function packageVersion(): string {
  const manifest = readFileSync(join(__dirname, "..", "..", "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
