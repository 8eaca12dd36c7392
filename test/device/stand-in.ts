import { join } from "node:path";
import { root } from "../../setup/paths";
import * as torch from "../../src/torch";
import { compile } from "../compile";

/** A device of the host's memory and the CPU's kernels that is as strict as CUDA: stand-in.cc. */
export const STAND_IN = "standin:0";

interface Operators {
  take_reads(): string[];
  take_uploads(): string[];
  take_operators(): string[];
  begin_capture(): void;
  end_capture(): { plain: number } | number;
  abandon_capture(): void;
  replay(recording: number): void;
  release(recording: number): void;
}

/** What happened since it was asked for last, in order, by name. */
export interface Notes {
  /** What the host waited for: values, copies to it, results whose shape depends on values. */
  readonly reads: readonly string[];
  /** Copies from the host, as `pinned Float [2, 3]`; a kernel's own arguments are none. */
  readonly uploads: readonly string[];
  readonly operators: readonly string[];
}

/** Work of the stand-in that was recorded, as a CUDA graph holds it. */
export interface Recording<T> {
  readonly result: T;
  /** Does the work again on what its tensors hold now; the results are in the memory of the first ones. */
  replay(): T;
  release(): void;
}

/** Loads the stand-in into this process, once; its first use compiles it. */
export function loadStandIn() {
  // Node.js takes the library for an addon and keeps it; it registers itself with LibTorch.
  process.dlopen(
    { exports: {} },
    compile({
      name: "stand-in",
      sources: [join(root, "test", "device", "stand-in.cc")],
      inputs: ["test/device/stand-in.cc"],
      flags: ["-shared", "-fPIC"],
      libraries: ["torch_cpu"],
    }),
  );
  const operators = torch.ops.stand_in as unknown as Operators;
  const notes = (): Notes => ({
    reads: operators.take_reads(),
    uploads: operators.take_uploads(),
    operators: operators.take_operators(),
  });
  return { notes, record: <T>(fn: () => T) => record(operators, fn) };
}

/**
 * Records a synchronous function while it runs. Throws for what a CUDA graph can not hold: reading values,
 * copies from memory that is not pinned.
 */
function record<T>(operators: Operators, fn: () => T): Recording<T> {
  operators.begin_capture();
  let result: T;
  try {
    result = fn();
  } catch (error) {
    operators.abandon_capture();
    throw error;
  }
  const recording = operators.end_capture() as number;
  return {
    result,
    replay() {
      operators.replay(recording);
      return result;
    },
    release: () => operators.release(recording),
  };
}
