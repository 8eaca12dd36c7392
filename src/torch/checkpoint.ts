import { captureAutocast } from "./amp-autocast";
import { enableGrad } from "./autograd";
import { savedTensorsHooks } from "./autograd-saved";
import { callback, checkFunction, synchronous } from "./callbacks";
import { checkOptions, describe } from "./errors";
import { dispose, keep, scope } from "./memory";
import { native } from "./native";
import { captureRandomState } from "./random";
import { Tensor } from "./tensor";

/** A recomputation that does not match what it repeats. */
export class CheckpointError extends Error {
  override name = "CheckpointError";
}

/** Options of `checkpoint.with`. */
export interface CheckpointOptions {
  /** Whether the recomputation draws the same random numbers; it does by default. */
  readonly preserveRngState?: boolean;
}

function checkpointWith<Args extends unknown[], Result>(
  options: CheckpointOptions,
  fn: (...args: Args) => Result,
  args: Args,
): Result {
  checkFunction("torch.checkpoint", fn);
  const run = () => scope(synchronous("torch.checkpoint", () => fn(...args)));
  if (!native.isGradEnabled()) return run();
  const frame = new Frame(fn as (...args: unknown[]) => unknown, args, options);
  return savedTensorsHooks(
    (saved) => frame.pack(saved),
    ([index, ...given]: [number, ...unknown[]]) => frame.unpack(index, given),
    run,
  );
}

/**
 * Runs a synchronous function without keeping what it saves for its backward pass: that is computed
 * again, by calling the function once more, when the backward pass gets there (Chen et al. 2016, arXiv
 * 1604.06174). Dropout is the same the second time, as are autocast and the rest of the modes.
 *
 * Gradients reach everything the function uses, arguments or not, and whether or not an argument
 * requires any. What the function makes, other than its result, is freed when it returns. Tensors among
 * the arguments are kept for the second call; those that it uses otherwise (a module's weights, tensors
 * inside of arrays) must be alive then. Checkpoints nest; the tensors among an inner one's arguments are
 * kept all the same. `torch.checkpoint.with(options)` is the same with options.
 *
 * Throws CheckpointError from the backward pass when the second call does other things than the first.
 */
export const checkpoint = Object.assign(
  <Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Result =>
    checkpointWith({}, fn, args),
  {
    /** `checkpoint` with options. */
    with: (options: CheckpointOptions) => {
      checkOptions("torch.checkpoint.with", options, ["preserveRngState"]);
      return <Args extends unknown[], Result>(
        fn: (...args: Args) => Result,
        ...args: Args
      ): Result => checkpointWith(options, fn, args);
    },
  },
);

/**
 * Runs functions one after the other, each on the result of the one before, in `segments` checkpoints of
 * about equal length; the last one is kept as it is, since its backward pass comes first.
 */
export function checkpointSequential(
  functions: readonly ((x: Tensor) => Tensor)[],
  segments: number,
  input: Tensor,
): Tensor {
  if (!Number.isInteger(segments) || segments < 1 || segments > functions.length) {
    throw new RangeError(
      "torch.checkpointSequential: argument 'segments': expected an integer from 1 to the number " +
        `of functions, ${functions.length}, given ${describe(segments)}`,
    );
  }
  const length = Math.floor(functions.length / segments);
  const run = (from: number, to: number) => (x: Tensor) =>
    functions.slice(from, to).reduce((value, fn) => fn(value), x);
  let x = input;
  for (let n = 0; n < segments - 1; n++) x = checkpoint(run(n * length, (n + 1) * length), x);
  return run((segments - 1) * length, functions.length)(x);
}

/** Thrown through the function as soon as all that was saved is there again. */
const done = Symbol("all is computed");

/** What a tensor is, apart from its values. */
const kindOf = ({ dtype, shape, device }: Tensor) => `${dtype} [${shape.join(", ")}] on ${device}`;

/** One run of a checkpointed function. The graph keeps it, in each of the places of a saved tensor. */
class Frame {
  /** What was saved, in order. */
  private readonly kinds: string[] = [];
  /** By the number of a backward pass: what is computed again and not yet used, by its index. */
  private readonly recomputed = new Map<number, Map<number, Tensor>>();
  private readonly inAutocast = captureAutocast();
  private readonly inRandomState: <T>(fn: () => T) => T;
  /** The arguments without the tensors, which the graph keeps. */
  private readonly others: readonly ({ value: unknown } | null)[];

  constructor(
    private readonly fn: (...args: unknown[]) => unknown,
    args: readonly unknown[],
    { preserveRngState = true }: CheckpointOptions,
  ) {
    this.others = args.map((value) => (value instanceof Tensor ? null : { value }));
    this.tensors = args.filter((value) => value instanceof Tensor);
    const devices = this.tensors.map(({ device }) => device).filter((device) => device !== "cpu");
    this.inRandomState = preserveRngState ? captureRandomState(devices) : (fn) => fn();
  }

  /** Only in the first run: the graph has references of its own afterwards. */
  private readonly tensors: readonly Tensor[];

  pack(saved: Tensor): [number, ...Tensor[]] {
    this.kinds.push(kindOf(saved));
    return [this.kinds.length - 1, ...this.tensors];
  }

  unpack(index: number, tensors: readonly unknown[]): Tensor {
    const task = native.currentGraphTask();
    const known = this.recomputed.get(task) ?? this.recompute(task, tensors);
    const saved = known.get(index);
    if (!saved) {
      throw new CheckpointError(
        "torch.checkpoint: a saved tensor was asked for twice in one backward pass; a Function must " +
          "use each of its saved tensors once",
      );
    }
    known.delete(index);
    return scopedAlias(saved);
  }

  private recompute(task: number, tensors: readonly unknown[]): Map<number, Tensor> {
    const found = new Map<number, Tensor>();
    this.recomputed.set(task, found);
    native.afterBackward(
      callback(() => {
        for (const tensor of found.values()) dispose(tensor);
        this.recomputed.delete(task);
        return {};
      }) as () => unknown,
    );
    const left = tensors.values();
    const args = this.others.map((other) => (other === null ? left.next().value : other.value));
    const run = () => this.inAutocast(() => enableGrad(() => void this.fn(...args)));
    let count = 0;
    const pack = (saved: Tensor) => {
      this.check(count, saved);
      found.set(count++, keep(saved.detach()));
      if (count === this.kinds.length) throw done;
      return saved;
    };
    try {
      scope(() =>
        savedTensorsHooks(
          pack,
          (saved) => saved,
          () => this.inRandomState(run),
        ),
      );
    } catch (error) {
      if (error !== done) throw error;
    }
    if (count === this.kinds.length) return found;
    throw new CheckpointError(
      `torch.checkpoint: the function saved ${this.kinds.length} tensors the first time and ${count} ` +
        "when it was called again; it must do the same each time",
    );
  }

  private check(index: number, saved: Tensor): void {
    const kind = kindOf(saved);
    if (kind === this.kinds[index]) return;
    throw new CheckpointError(
      `torch.checkpoint: saved tensor ${index} was ${this.kinds[index]} the first time and is ` +
        `${kind} when the function was called again; it must do the same each time`,
    );
  }
}

/** The tensor under another handle, which the scope around frees; the first one goes now. */
function scopedAlias(tensor: Tensor): Tensor {
  const alias = new Tensor(tensor);
  dispose(tensor);
  return alias;
}
