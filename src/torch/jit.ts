import fs from "node:fs";
import type { Device, DType } from "./dtype";
import { checkOptions, describe, TorchError } from "./errors";
import { requireFile } from "./io/read";
import { native, type ScriptModuleHandle } from "./native";
import type { Tensor } from "./tensor";

/** What goes into TorchScript and comes out of it: tensors and plain values, nested. */
export type ScriptValue = unknown;

/** Options of `jit.load`. */
export interface JitLoadOptions {
  /** By default that of each tensor in the file. */
  readonly device?: Device;
}

/**
 * A module of TorchScript: its weights and its code, which LibTorch runs.
 *
 * Lists and tuples are arrays; dicts and named tuples plain objects or Maps; None is null.
 */
export class ScriptModule {
  readonly #module: ScriptModuleHandle;

  /** @internal */
  constructor(module: ScriptModuleHandle) {
    this.#module = module;
  }

  /** Runs `forward`. Throws TypeError for arguments of wrong types, TorchError when it fails. */
  forward<T extends ScriptValue = Tensor>(...args: readonly ScriptValue[]): T {
    return native.jitRun(this.#module, "forward", args) as T;
  }

  /** Runs a method by its name. Throws TypeError when there is none. */
  call<T extends ScriptValue = Tensor>(method: string, ...args: readonly ScriptValue[]): T {
    return native.jitRun(this.#module, method, args) as T;
  }

  /** The methods' names with their schemas: `forward(__torch__.Net self, Tensor x) -> Tensor`. */
  methods(): Record<string, string> {
    return native.jitMethods(this.#module);
  }

  /** The parameters with their names, those of modules inside included. */
  namedParameters(): [name: string, parameter: Tensor][] {
    return native.jitTensors(this.#module, "parameters");
  }

  /** The parameters: what an optimizer takes. */
  parameters(): Tensor[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The buffers with their names, those of modules inside included. */
  namedBuffers(): [name: string, buffer: Tensor][] {
    return native.jitTensors(this.#module, "buffers");
  }

  /** The buffers: what nothing learns, such as running means. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** Parameters and buffers by name; what is written to them is written to the module. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries([...this.namedParameters(), ...this.namedBuffers()]);
  }

  /** Moves the weights to a device, floating ones to a dtype, in place. */
  to(target: Device | { readonly device?: Device; readonly dtype?: DType }): this {
    const { device = null, dtype = null } =
      typeof target === "string" ? { device: target } : target;
    native.jitTo(this.#module, dtype, device);
    return this;
  }

  /** Dropout and the like on, or off. */
  train(mode = true): this {
    native.jitTrain(this.#module, mode);
    return this;
  }

  /** Dropout and the like off. */
  eval(): this {
    return this.train(false);
  }

  /** Whether dropout and the like are on. */
  get training(): boolean {
    return native.jitIsTraining(this.#module);
  }

  /** The names of its methods. */
  toString(): string {
    return `ScriptModule(${Object.keys(this.methods()).join(", ")})`;
  }
}

/**
 * Loads a module that `torch.jit.save` of Python's wrote. The file holds code, which runs when methods are
 * called and may run while it is loaded: load only what you trust. `torch.load` never does this.
 *
 * Throws the system's error for a file that is not there, TorchError for one of another kind.
 */
function load(file: string, options: JitLoadOptions = {}): ScriptModule {
  if (typeof file !== "string") {
    throw new TypeError(
      `torch.jit.load: argument 'path': expected a path, given ${describe(file)}`,
    );
  }
  checkOptions("torch.jit.load", options, ["device"]);
  requireFile(file, "torch.jit.load");
  fs.accessSync(file, fs.constants.R_OK);
  try {
    return new ScriptModule(native.jitLoad(file, options.device ?? null));
  } catch (error) {
    const [reason] = (error as Error).message.replace(/^torch\.jit\.load: /, "").split("\n");
    throw new TorchError(`torch.jit.load: ${file} is no TorchScript module: ${reason}`, {
      cause: error,
    });
  }
}

/** Modules that TorchScript saved. */
export const jit = { load };
