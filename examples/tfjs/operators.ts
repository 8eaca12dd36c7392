import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import { conv2d, depthwiseConv2d, maxPool, resizeBilinear } from "./convolutions";
import { type GraphNode, integer } from "./format";

/** What a node makes of its inputs: one tensor, or one for every output. */
export type Operator = (node: GraphNode, inputs: readonly Tensor[]) => Tensor | readonly Tensor[];

/** TensorFlow's operators by name, as far as detectors and image classifiers have them. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  Identity: (_, [x]) => x,
  Add: (_, [a, b]) => a.add(b),
  AddV2: (_, [a, b]) => a.add(b),
  BiasAdd: (_, [a, b]) => a.add(b),
  Sub: (_, [a, b]) => a.sub(b),
  Mul: (_, [a, b]) => a.mul(b),
  FloorDiv: (_, [a, b]) => torch.floorDivide(a, b),
  FloorMod: (_, [a, b]) => torch.remainder(a, b),
  Equal: (_, [a, b]) => a.eq(b),
  Relu: (_, [x]) => x.relu(),
  Relu6: (_, [x]) => torch.relu6(x),
  Sigmoid: (_, [x]) => x.sigmoid(),

  Conv2D: conv2d,
  _FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwiseConv2d,
  FusedDepthwiseConv2dNative: depthwiseConv2d,
  MaxPool: maxPool,
  ResizeBilinear: resizeBilinear,

  Mean: (node, [x, axes]) => x.mean(list(axes), { keepdim: node.attr?.keep_dims?.b ?? false }),
  Reshape: (_, [x, shape]) => x.reshape(list(shape)),
  ExpandDims: (_, [x, dim]) => x.unsqueeze(list(dim)[0]),
  ConcatV2: (_, inputs) => torch.cat(inputs.slice(0, -1), list(inputs[inputs.length - 1])[0]),
  Cast: cast,
  StridedSlice: stridedSlice,
  GatherV2: gather,
  TopKV2: (_, [x, count]) => torch.topk(x, list(count)[0]),
};

function list(numbers: Tensor): number[] {
  return numbers.flatten().toArray<number[]>();
}

function cast(node: GraphNode, [x]: readonly Tensor[]): Tensor {
  const type = node.attr?.DstT?.type;
  if (type === "DT_FLOAT") return x.to("float32");
  if (type === "DT_INT32") return x.to("int64");
  throw new Error(`${node.name}: a cast to ${type} is not known here`);
}

/** Of the masks, bit n speaks of dimension n: it begins, or ends, where the dimension does, or goes away. */
function stridedSlice(node: GraphNode, [x, begins, ends, steps]: readonly Tensor[]): Tensor {
  if (integer(node, "ellipsis_mask") !== 0 || integer(node, "new_axis_mask") !== 0) {
    throw new Error(`${node.name}: slices with new or left-out dimensions are not known here`);
  }
  const has = (mask: string, n: number) => ((integer(node, mask) >> n) & 1) === 1;
  const [begin, end, step] = [begins, ends, steps].map(list);
  return x.index(
    ...begin.map((from, n) => {
      if (has("shrink_axis_mask", n)) return from;
      return torch.slice(
        has("begin_mask", n) ? null : from,
        has("end_mask", n) ? null : end[n],
        step[n],
      );
    }),
  );
}

/** x [..,N,..], indices of any shape -> their shape in the place of N. */
function gather(node: GraphNode, [x, indices, axis]: readonly Tensor[]): Tensor {
  if (integer(node, "batch_dims") !== 0) {
    throw new Error(`${node.name}: gathering by batches is not known here`);
  }
  const dim = list(axis)[0];
  const shape = [...x.shape.slice(0, dim), ...indices.shape, ...x.shape.slice(dim + 1)];
  return x.indexSelect(dim, indices.flatten()).reshape(shape);
}
