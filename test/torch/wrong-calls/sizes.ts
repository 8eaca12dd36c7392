import * as torch from "../../../src/torch";
import { loose, type Untyped } from "../support";
import type { WrongCall } from "./given";

const aten = torch.ops.aten as unknown as Untyped;
const int64 = (values: number[] | number[][]) => torch.tensor(values, { dtype: "int64" });
const { ones } = torch;
const perChannel = ones([3]);

/** Sizes that do not fit together, which kernels of LibTorch's take on trust. */
export const sizes: WrongCall[] = [
  {
    name: "a lone number where padding is of two, and none where it is of four",
    call: () => loose.reflectionPad2d(ones([1, 4, 4]), []),
    says: ["reflection_pad2d", "'padding': expected 4 integers, given []"],
  },
  {
    name: "a batch normalisation's backward without statistics",
    call: () =>
      loose.nativeBatchNormBackward(
        ones([2, 3]),
        ones([2, 3]),
        perChannel,
        null,
        null,
        null,
        null,
        true,
        1e-5,
        [true, true, true],
      ),
    says: ["native_batch_norm_backward", "expected argument 5 as a Tensor", "null"],
  },
  {
    name: "a batch normalisation without running statistics",
    call: () => loose.nativeBatchNorm(ones([2, 3]), null, null, null, null, false, 0.1, 1e-5),
    says: ["native_batch_norm", "expected argument 3 as a Tensor"],
  },
  {
    name: "weights of other channels",
    call: () =>
      loose.nativeBatchNorm(ones([2, 3]), ones([9]), null, perChannel, perChannel, true, 0.1, 1e-5),
    says: ["a number for each channel of sizes [3], given [9]"],
  },
  {
    name: "no groups",
    call: () => loose.nativeGroupNorm(ones([2, 3, 4]), null, null, 2, 3, 4, 0, 1e-5),
    says: ["expected at least 1 group, given 0"],
  },
  {
    name: "statistics of other rows",
    call: () =>
      loose.nativeLayerNormBackward(
        ones([4, 3]),
        ones([4, 3]),
        [3],
        ones([1]),
        ones([1]),
        null,
        null,
        [true, false, false],
      ),
    says: ["expected 4 statistics, one a row, given 1"],
  },
  {
    name: "a gradient of other sizes than what was padded",
    call: () => loose.replicationPad1dBackward(ones([2, 3]), ones([3, 1]), [1, 1]),
    says: ["expected a gradient of sizes [3, 3], given [2, 3]"],
  },
  {
    name: "a gradient of fewer planes than the pool",
    call: () =>
      loose.adaptiveMaxPool3dBackward(
        ones([2, 1, 1, 1]),
        ones([4, 1, 1, 1]),
        int64([0, 0]).view(2, 1, 1, 1),
      ),
    says: ["expected a gradient of as many planes as the input"],
  },
  {
    name: "a log-softmax of another shape than its gradient",
    call: () => aten._log_softmax_backward_data(ones([9, 1]), ones([1, 2]), 0, "float32"),
    says: ["sizes [1, 2], given [9, 1]"],
  },
  {
    name: "attention without keys",
    call: () =>
      aten._scaled_dot_product_flash_attention_for_cpu(
        ones([1, 1, 2, 4]),
        ones([1, 1, 0, 4]),
        ones([1, 1, 0, 4]),
      ),
    says: ["expected at least one key"],
  },
  {
    name: "grouped attention without heads",
    call: () =>
      loose.scaledDotProductAttention(ones([1, 2, 2, 4]), ones([1, 0, 2, 4]), ones([1, 0, 2, 4]), {
        enableGqa: true,
      }),
    says: ["a head at least"],
  },
  {
    name: "a gradient of other sizes than the grid",
    call: () =>
      loose.gridSampler2dBackward(
        ones([2, 4, 2, 2]),
        ones([2, 4, 2, 2]),
        ones([2, 4, 2, 2]),
        2,
        1,
        true,
        [false, false],
      ),
    says: ["expected a gradient of sizes [2, 4, 4, 2], given [2, 4, 2, 2]"],
  },
  {
    name: "a copy of a sparse tensor's layout",
    call: () => loose.copy(ones([2, 2]).toSparseCsr(), ones([2, 2])),
    says: ["copy: expected a plain tensor", "x.copy_(other)"],
  },
  {
    name: "segments that nobody looks at",
    call: () =>
      loose.segmentReduce(ones([2]), "sum", { lengths: int64([2 ** 40]), axis: 0, unsafe: true }),
    says: ["segment_reduce", "expected unsafe: false"],
  },
  {
    name: "segments beyond the data",
    call: () => loose.segmentReduce(ones([4]), "sum", { offsets: int64([0, 2 ** 40]) }),
    says: ["segment_reduce", "expected offsets of 0 to 4"],
  },
  {
    name: "a gradient of rows that an embedding lacks",
    call: () => loose.embeddingDenseBackward(ones([2, 2]), int64([-(2 ** 40), 1]), 3, -1, true),
    says: ["embedding_dense_backward", "expected indices of 0 to 2"],
  },
  {
    name: "lengths beyond the steps",
    call: () => aten._pack_padded_sequence(ones([2, 3, 4]), int64([9, 1]), true),
    says: ["expected lengths of 1 to 3"],
  },
  {
    name: "batch sizes of other data",
    call: () => aten._pad_packed_sequence(ones([4, 2]), int64([3, 3]), true, 0, 2),
    says: ["expected batch sizes whose sum is the number of rows"],
  },
  {
    name: "a packed recurrence of other data",
    call: () =>
      loose.gru(ones([4, 2]), int64([3, 3]), ones([1, 3, 5]), [], false, 1, 0, false, false),
    says: ["gru", "expected batch sizes"],
  },
  {
    name: "offsets of bags that go back",
    call: () => loose.embeddingBag(ones([5, 2]), int64([1, 2, 3]), int64([0, 3, 1])),
    says: ["embedding_bag", "expected offsets that grow to at most 3"],
  },
  {
    name: "offsets of two dimensions",
    call: () => loose.embeddingBag(ones([5, 2]), int64([1, 2]), int64([[0, 1]]), { sparse: true }),
    says: ["1 dimension, given 2"],
  },
  {
    name: "pivots of another matrix",
    call: () => loose.luUnpack(ones([2, 4, 4]), torch.tensor([2], { dtype: "int32" })),
    says: ["lu_unpack", "expected pivots of sizes [2, 4], given [1]"],
  },
  {
    name: "an average's gradient of other planes",
    call: () =>
      loose.avgPool2dBackward(
        ...[ones([3, 1, 1, 2]), ones([2, 1, 1, 3]), [2, 2], [2, 2], [0, 0], true, true, null],
      ),
    says: ["avg_pool2d_backward", "as many planes as the input"],
  },
  {
    name: "a kernel of other sizes than the weight",
    call: () => loose.slowConvTranspose3d(ones([2, 2, 2, 2]), ones([2, 2, 2, 2, 4]), [1, 1, 3]),
    says: ["expected a weight that ends in the kernel's sizes"],
  },
  {
    name: "a fused step of other gradients",
    call: () => {
      const rates = { lr: 1, weightDecay: 0, momentum: 0, dampening: 0 };
      const flags = { nesterov: false, maximize: false, isFirstStep: true };
      return aten._fused_sgd_([ones([64])], [ones([3])], [], { ...rates, ...flags });
    },
    says: ["_fused_sgd_", "of sizes [64], given [3]"],
  },
  {
    name: "a transform of dimensions that are not there",
    call: () => aten._fft_r2c(ones([4]), [2 ** 40], 1, false),
    says: ["expected dimensions of 0 to 0"],
  },
  {
    name: "an alias beyond the storage",
    call: () => aten._reshape_alias(ones([2, 2]), [2, 2], [3, 1]),
    says: ["within 16 bytes of storage, given 20"],
  },
  {
    name: "an empty weight to normalise",
    call: () => aten._weight_norm(ones([0, 1, 2]), ones([2])),
    says: ["expected a weight that is not empty"],
  },
  {
    name: "the bits of a quantised tensor",
    call: () =>
      torch.ops.aten.view.dtype(torch.quantizePerTensor(ones([4]), 0.1, 0, "quint8"), "bool"),
    says: ["not quantised", "x.intRepr()"],
  },
  {
    name: "the mkldnn layout for a plain one",
    call: () => loose.scatterAdd(ones([2]), 0, int64([0, 1]), torch.ones([2]).toMkldnn()),
    says: ["scatter_add", "x.toDense()"],
  },
  {
    name: "zeros of the mkldnn layout in half precision",
    call: () => torch.ones([4]).bfloat16().toMkldnn().zero_(),
    says: ["zero_", "expected float32 of the mkldnn layout"],
  },
  {
    name: "an empty matrix to pack",
    call: () => loose.fbgemmPackGemmMatrixFp16(ones([0, 3])),
    says: ["expected a matrix that is not empty, given [0, 3]"],
  },
  ...(
    [
      ["_cummax_helper", [ones([3]), ones([3]), int64([1]), 0], "cummax"],
      ["_cummin_helper", [ones([3]), ones([1]), int64([1]), 0], "cummin"],
      [
        "_embedding_bag_dense_backward",
        [ones([2, 2]), int64([7, 10 ** 6]), ...Array(3).fill(int64([0, 0])), 2, false, 0, null],
        "embeddingBag",
      ],
      ["_stack", [[]], "stack"],
      ["_pdist_forward", [ones([2, 0])], "pdist"],
    ] as [string, unknown[], string][]
  ).map(([name, given, instead]) => ({
    name: `${name}, a step within ${instead}`,
    call: () => aten[name](...given),
    says: [name, "trusts its arguments", `call ${instead}`],
  })),
];
