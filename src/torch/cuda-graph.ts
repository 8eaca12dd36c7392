import { type CudaNative, requireCuda } from "./cuda-native";
import { currentStream, stream as onStream, Stream } from "./cuda-streams";
import { checkOptions, describe, refuseAsync, TorchError } from "./errors";
import { scope } from "./memory";

/** Options of `torch.cuda.graph`. */
export interface GraphOptions {
  /** How often the function runs before it is recorded, so that all that is made once is made: 3. */
  readonly warmup?: number;
  /** A graph whose memory this one takes too; they are then replayed in the order of recording. */
  readonly pool?: Graph<unknown>;
}

/**
 * Work of a CUDA device that was recorded once and is done again at the cost of one launch.
 * `torch.cuda.graph` makes it.
 */
export class Graph<T> {
  private constructor(
    /** What the function gave: tensors whose values are those of the last replay. */
    readonly result: T,
  ) {}

  /** Does the work again, on what its input tensors hold now; gives the tensors of its result. */
  replay(): T {
    requireCuda("Graph.replay").replay(this);
    return this.result;
  }

  /** Frees the graph and its memory. It can not be replayed afterwards. */
  reset(): void {
    requireCuda("Graph.reset").resetGraph(this);
  }

  /** @internal A graph whose result `record` gives. */
  static record<T>(
    cuda: CudaNative,
    pool: Graph<unknown> | undefined,
    record: (graph: object) => T,
  ): Graph<T> {
    const graph = Object.create(Graph.prototype);
    cuda.attachGraph(graph, pool);
    return Object.assign(graph, { result: record(graph) });
  }
}

/**
 * Records what a synchronous function asks of the current device, and gives a graph that does it again.
 * The function is run `warmup` times first, then once to record, which computes nothing.
 *
 *     const step = torch.cuda.graph(() => model.forward(input));
 *     input.copy_(next);
 *     const output = step.replay();
 *
 * A graph holds work of the device alone. Shapes, addresses and every number of JavaScript's, seeds and
 * decisions included, stay what they were at recording; LibTorch's own random numbers go on. The function
 * may not read values back (item, toArray, printing), nor copy to or from memory that is not pinned.
 *
 * Throws TorchError without CUDA, and for what can not be recorded, with the reason.
 */
export function graph<T>(fn: () => T, options: GraphOptions = {}): Graph<T> {
  const what = "torch.cuda.graph";
  if (typeof fn !== "function") {
    throw new TypeError(`${what}: expected a function, given ${describe(fn)}`);
  }
  checkOptions(what, options, ["warmup", "pool"]);
  const { warmup = 3, pool } = options;
  const cuda = requireCuda(what);
  // What is recorded must not be on the default stream.
  const side = new Stream();
  side.waitStream(currentStream());
  onStream(side, () => {
    for (let run = 0; run < warmup; run++) scope(() => void runOnce(what, fn));
  });
  cuda.synchronize();
  const recorded = Graph.record(cuda, pool, (graph) => {
    try {
      return cuda.capture(graph, side, () => scope(() => runOnce(what, fn)));
    } catch (error) {
      throw explained(what, error);
    }
  });
  currentStream().waitStream(side);
  return recorded;
}

function runOnce<T>(what: string, fn: () => T): T {
  const result = fn();
  refuseAsync(what, result);
  return result;
}

/** Errors of LibTorch's in a recording are mostly about something that a graph can not hold. */
function explained(what: string, error: unknown): unknown {
  if (!(error instanceof TorchError)) return error;
  return new TorchError(
    `${what}: the function can not be recorded: ${error.message}\n` +
      "A graph holds work of the device alone. Leave out of the function what reads values back (item(), " +
      "toArray(), cpu(), printing, operators whose result's shape depends on values, such as nonzero()), copies " +
      "to or from memory that is not pinned, and torch.cuda.synchronize().",
    { cause: error },
  );
}
