import * as torch from "../torch";

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

/** Records CUDA graphs, all of which share the memory of the first. Throws as `torch.cuda.graph` does. */
export function cudaRecorder(): Recorder {
  let pool: torch.cuda.Graph<unknown> | undefined;
  return {
    record(work) {
      const graph = torch.cuda.graph(work, { ...(pool && { pool }) });
      pool ??= graph;
      return graph;
    },
  };
}
