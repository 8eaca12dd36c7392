import fs from "node:fs";
import { checkOptions, describe, TorchError } from "./errors";
import { requireFile } from "./io/read";
import { type CompiledModelHandle, native } from "./native";
import type { Tensor } from "./tensor";
import { checkThreads } from "./threads";

/** Options of `inductor.load`. */
export interface InductorLoadOptions {
  /** The model of a package that holds several; by default "model". */
  readonly name?: string;
  /** The CUDA device it runs on; by default the current one. */
  readonly deviceIndex?: number;
  /** Calls that may run at once on several threads; by default 1. */
  readonly runners?: number;
}

/** A model that AOTInductor compiled: machine code with its weights, without gradients. */
export class CompiledModel {
  readonly #model: CompiledModelHandle;

  /** @internal */
  constructor(model: CompiledModelHandle) {
    this.#model = model;
  }

  /**
   * Runs the model on the inputs of the exported program, flattened as `callSpec` says, and gives its
   * outputs flattened. Throws TorchError for inputs of another number, dtype or shape than it was
   * compiled for.
   */
  run(...inputs: readonly Tensor[]): Tensor[] {
    return native.aotiRun(this.#model, inputs);
  }

  /** The exported program's parameters and buffers, but for those that the compiler built in. */
  constantNames(): string[] {
    return native.aotiConstantNames(this.#model);
  }

  /**
   * Replaces all constants by copies of others. Throws TorchError where one is missing or of another
   * shape or dtype.
   */
  loadConstants(constants: Readonly<Record<string, Tensor>>): void {
    native.aotiLoadConstants(this.#model, Object.entries(constants));
  }

  /** What was written into the package: the device, versions, and more. */
  metadata(): Record<string, string> {
    return native.aotiMetadata(this.#model);
  }

  /** How arguments and results are flattened: two pytrees in JSON. */
  callSpec(): string[] {
    return native.aotiCallSpec(this.#model);
  }
}

/**
 * Loads a `.pt2` package that AOTInductor compiled for this machine and this LibTorch. It holds machine
 * code: loading it is running it, so load only what you trust. `torch.load` never does this.
 *
 * Inputs are checked while a model runs, for which it sets AOTI_RUNTIME_CHECK_INPUTS in the environment.
 * Throws the system's error for a file that is not there, TorchError for one of another kind.
 */
function load(file: string, options: InductorLoadOptions = {}): CompiledModel {
  if (typeof file !== "string") {
    throw new TypeError(
      `torch.inductor.load: argument 'path': expected a path, given ${describe(file)}`,
    );
  }
  checkOptions("torch.inductor.load", options, ["name", "deviceIndex", "runners"]);
  const { name = "model", deviceIndex = -1, runners = 1 } = options;
  checkThreads("torch.inductor.load: option 'runners'", runners);
  requireFile(file, "torch.inductor.load");
  fs.accessSync(file, fs.constants.R_OK);
  try {
    return new CompiledModel(native.aotiLoad(file, name, deviceIndex, runners));
  } catch (error) {
    const [reason] = (error as Error).message.replace(/^torch\.inductor\.load: /, "").split("\n");
    throw new TorchError(`torch.inductor.load: ${file} holds no compiled '${name}': ${reason}`, {
      cause: error,
    });
  }
}

/** Models that AOTInductor compiled. */
export const inductor = { load };
