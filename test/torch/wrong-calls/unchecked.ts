import * as torch from "../../../src/torch";
import { loose } from "../support";
import type { WrongCall } from "./given";

const int64 = (values: number[] | number[][]) => torch.tensor(values, { dtype: "int64" });
const scores = torch.zeros([5, 1, 3]).logSoftmax(-1);
const far = int64([[2 ** 40, 0]]).view(1, 1, 1, 2);
const least64 = torch.tensor([1n, -(2n ** 63n)]);
const least32 = torch.tensor([-(2 ** 31)], { dtype: "int32" });
const trunc = { roundingMode: "trunc" };

/** What kernels of LibTorch's take on trust, and die of where nobody looks first. */
export const unchecked: WrongCall[] = [
  {
    name: "the least int64 divided by -1",
    call: () => loose.div(least64, int64([-1, -1]), trunc),
    says: ["div", "int64, -9223372036854775808, divided by -1"],
  },
  {
    name: "the least int32 divided by a number",
    call: () => loose.divide(least32, -1, trunc),
    says: ["divide", "int32, -2147483648, divided by -1"],
  },
  {
    name: "the least int32 divided in place",
    call: () => loose.div_(least32.clone(), least32.fullLike(-1), trunc),
    says: ["div_", "int32"],
  },
  {
    name: "a class beyond the scores",
    call: () => loose.ctcLoss(scores, int64([[2 ** 40, 1]]), [5], [2]),
    says: ["ctc_loss", "expected targets of 0 to 2, given 1099511627776"],
  },
  {
    name: "a negative class, targets in a row",
    call: () => loose.ctcLoss(scores, int64([1, -(2 ** 40)]), int64([5]), int64([2])),
    says: ["ctc_loss", "expected targets of 0 to 2, given -1099511627776"],
  },
  {
    name: "a negative length of targets",
    call: () => loose.ctcLoss(scores, int64([[1, 1]]), [5], [-2]),
    says: ["ctc_loss", "given -2"],
  },
  {
    name: "a negative length of scores",
    call: () => loose.ctcLoss(scores, int64([[1, 1]]), [-5], [2]),
    says: ["ctc_loss", "given -5"],
  },
  {
    name: "sparse indices beyond the size",
    call: () => loose.sparseCooTensor(int64([[2 ** 40]]), torch.ones([1]), [2]),
    says: ["sparse_coo_tensor", "1099511627776"],
  },
  {
    name: "sparse columns beyond the size",
    call: () => loose.sparseCsrTensor(int64([0, 1]), int64([2 ** 30]), torch.ones([1]), [1, 2]),
    says: ["sparse_csr_tensor"],
  },
  {
    name: "where a maximum cannot have been",
    call: () =>
      loose.maxPool2dWithIndicesBackward(
        torch.ones([1, 1, 1, 2]),
        torch.ones([1, 1, 2, 4]),
        [2, 2],
        [2, 2],
        [0, 0],
        [1, 1],
        false,
        far,
      ),
    says: ["expected indices of 0 to 7, given 0 to 1099511627776"],
  },
  {
    name: "where an adaptive maximum cannot have been",
    call: () =>
      loose.adaptiveMaxPool2dBackward(torch.ones([1, 1, 1, 2]), torch.ones([1, 1, 2, 4]), far),
    says: ["expected indices of 0 to 7"],
  },
  ...eigenvalues(),
  {
    name: "more parts than memory holds",
    call: () => loose.tensorSplit(torch.ones([1]), 1e9),
    says: ["tensor_split", "asked for 1000000000"],
  },
  {
    name: "more rows than memory holds",
    call: () => loose.unbind(torch.empty([1e9], { device: "meta" })),
    says: ["unbind", "asked for 1000000000"],
  },
  {
    name: "more pieces than memory holds",
    call: () => torch.empty([2, 1e9], { device: "meta" }).split(2, 1),
    says: ["split", "asked for 500000000"],
  },
  {
    name: "more chunks than memory holds",
    call: () => torch.empty([1e9], { device: "meta" }).chunk(1e8),
    says: ["chunk", "asked for 100000000"],
  },
  {
    name: "combinations of more than a tensor has dimensions",
    call: () => loose.combinations(torch.ones([2]), 1e9),
    says: ["combinations", "given 1000000000"],
  },
  {
    name: "an option that disposes a tensor and makes another in its place",
    call: () => {
      const mine = torch.ones([2, 2]);
      return loose.add(mine, mine, {
        get alpha() {
          mine.dispose();
          torch.zeros([2, 2]);
          return 1;
        },
      });
    },
    says: ["add: self: this tensor was disposed"],
  },
];

/** LAPACK writes beyond matrices that are not finite, where LibTorch does not look first. */
function eigenvalues(): WrongCall[] {
  const names = ["linalg_eigvals", "_linalg_eigvals"] as const;
  const dtypes = ["float32", "float64", "complex64", "complex128"] as const;
  return names.flatMap((name) =>
    dtypes.flatMap((dtype) =>
      [NaN, Infinity].map((value) => ({
        name: `${name} of ${value} in ${dtype}`,
        call: () => {
          const matrices = torch.eye(40, { dtype }).repeat(2, 1, 1);
          return torch.ops.aten[name](matrices.indexPut_([1, 3, 5], value));
        },
        says: [name, "expected matrices of finite numbers, given infinities or NaNs"],
      })),
    ),
  );
}
