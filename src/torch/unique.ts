import { operator } from "./dispatch";
import { checkOptions } from "./errors";
import { byName } from "./named-arguments";
import type { Tensor } from "./tensor";

/** Options of `unique`. */
export interface UniqueOptions {
  /** In ascending order; what is not sorted has no order to rely on. */
  readonly sorted?: boolean;
  readonly returnInverse?: boolean;
  readonly returnCounts?: boolean;
  /** Compares the slices along this dimension; by default the elements. */
  readonly dim?: number | null;
}

/** Values; then, as asked for, where each element went, int64 of x's shape, and counts, int64. */
export type Unique<Options extends UniqueOptions> = Options extends { returnInverse: true }
  ? Options extends { returnCounts: true }
    ? [Tensor, Tensor, Tensor]
    : [Tensor, Tensor]
  : Options extends { returnCounts: true }
    ? [Tensor, Tensor]
    : Tensor;

/** The values that occur, each once, as torch.unique of Python. */
export function unique<const Options extends UniqueOptions>(
  x: Tensor,
  options: Options = {} as Options,
): Unique<Options> {
  checkOptions("unique", options, ["sorted", "returnInverse", "returnCounts", "dim"]);
  const { sorted = true, returnInverse = false, returnCounts = false, dim = null } = options;
  const all =
    dim === null
      ? uniqueElements(x, sorted, returnInverse, returnCounts)
      : uniqueSlices(x, dim, sorted, returnInverse, returnCounts);
  return asked(options, all as Tensor[]);
}

/** Options of `uniqueConsecutive`. */
export type UniqueConsecutiveOptions = Omit<UniqueOptions, "sorted">;

/** The values of runs of equal ones, as torch.unique_consecutive of Python. */
export function uniqueConsecutive<const Options extends UniqueConsecutiveOptions>(
  x: Tensor,
  options?: Options,
): Unique<Options>;
export function uniqueConsecutive(
  x: Tensor,
  returnInverse: boolean,
  returnCounts?: boolean | UniqueConsecutiveOptions,
  dim?: number | null | UniqueConsecutiveOptions,
): Tensor | Tensor[];
export function uniqueConsecutive(x: Tensor, ...args: unknown[]): unknown {
  const names = ["returnInverse", "returnCounts", "dim"];
  const { returnInverse, returnCounts, dim = null } = byName("uniqueConsecutive", names, args);
  const options = { returnInverse: returnInverse === true, returnCounts: returnCounts === true };
  return asked(options, runs(x, options.returnInverse, options.returnCounts, dim) as Tensor[]);
}

const runs = operator("aten::unique_consecutive");

/** Of all results those that were asked for; the others are freed. */
function asked<Options extends UniqueOptions>(
  { returnInverse = false, returnCounts = false }: Options,
  [values, inverse, counts]: readonly Tensor[],
): Unique<Options> {
  const results = [values];
  if (returnInverse) results.push(inverse);
  else inverse.dispose();
  if (returnCounts) results.push(counts);
  else counts.dispose();
  return (results.length === 1 ? values : results) as Unique<Options>;
}

const uniqueElements = operator("aten::_unique2");
const uniqueSlices = operator("aten::unique_dim");
