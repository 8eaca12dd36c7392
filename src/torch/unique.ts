import { operator } from "./dispatch";
import { checkOptions } from "./errors";
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
  const [values, inverse, counts] = (
    dim === null
      ? uniqueElements(x, sorted, returnInverse, returnCounts)
      : uniqueSlices(x, dim, sorted, returnInverse, returnCounts)
  ) as Tensor[];
  const asked = [values];
  if (returnInverse) asked.push(inverse);
  else inverse.dispose();
  if (returnCounts) asked.push(counts);
  else counts.dispose();
  return (asked.length === 1 ? values : asked) as Unique<Options>;
}

const uniqueElements = operator("aten::_unique2");
const uniqueSlices = operator("aten::unique_dim");
