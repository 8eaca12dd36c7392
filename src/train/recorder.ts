import * as torch from "../torch";
import { Failure } from "./failure";

/** Work of a device that was recorded. */
export interface Recording<T> {
  /** Tensors whose values are those of the last replay. */
  readonly result: T;
  /** Does the work again, on what its inputs hold now. */
  replay(): unknown;
}

/** What records work: it is run a few times first, then once more to record it. */
export interface Recorder {
  record<T>(work: () => T): Recording<T>;
}

/**
 * Records CUDA graphs, all of which share the memory of the first. Throws as `torch.cuda.graph` does.
 * @throws Failure for work on another device.
 */
export function cudaRecorder(device: torch.Device): Recorder {
  if (!device.startsWith("cuda")) {
    throw new Failure(`graphs are CUDA's, and the model is on ${device}`, {
      where: "the recipe's train.graph",
      next: "set device to cuda, or leave train.graph out",
    });
  }
  let pool: torch.cuda.Graph<unknown> | undefined;
  return {
    record(work) {
      const graph = torch.cuda.graph(work, { ...(pool && { pool }) });
      pool ??= graph;
      return graph;
    },
  };
}
