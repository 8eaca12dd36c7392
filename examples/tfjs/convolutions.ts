import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import { type GraphNode, integers, text, texts } from "./format";

// TensorFlow's images are [B,H,W,n]. As [B,n,H,W] the same memory is in PyTorch's channels_last order, so
// that turning them costs nothing.
const toChannelsFirst = (x: Tensor) => x.permute([0, 3, 1, 2]);
const toChannelsLast = (x: Tensor) => x.permute([0, 2, 3, 1]);

/** x [B,H,W,n], kernel [k,l,n,m]; whatever is fused, a bias [m] and a ReLU, comes after. */
export function conv2d(node: GraphNode, [x, kernel, bias]: readonly Tensor[]): Tensor {
  return convolve(node, x, kernel.permute([3, 2, 0, 1]), bias, 1);
}

/** x [B,H,W,n], kernel [k,l,n,m]: m windows of every channel by itself. */
export function depthwiseConv2d(node: GraphNode, [x, kernel, bias]: readonly Tensor[]): Tensor {
  const [rows, columns, channels, multiplier] = kernel.shape;
  const weight = kernel.permute([2, 3, 0, 1]).reshape([channels * multiplier, 1, rows, columns]);
  return convolve(node, x, weight, bias, channels);
}

function convolve(
  node: GraphNode,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  groups: number,
): Tensor {
  const stride = integers(node, "strides").slice(1, 3);
  const dilation = integers(node, "dilations").slice(1, 3);
  const image = padded(node, toChannelsFirst(x), weight.shape.slice(2), stride, dilation, 0);
  const fused = texts(node, "fused_ops");
  const added = fused.includes("BiasAdd") ? bias : null;
  const out = torch.conv2d(image, weight, added ?? null, stride, 0, dilation, groups);
  const unknown = fused.find((name) => !["BiasAdd", "Relu", "Relu6"].includes(name));
  if (unknown) throw new Error(`${node.name}: ${unknown} is not fused here`);
  if (fused.includes("Relu6")) return toChannelsLast(torch.relu6(out));
  return toChannelsLast(fused.includes("Relu") ? out.relu() : out);
}

export function maxPool(node: GraphNode, [x]: readonly Tensor[]): Tensor {
  const window = integers(node, "ksize").slice(1, 3);
  const stride = integers(node, "strides").slice(1, 3);
  const image = padded(node, toChannelsFirst(x), window, stride, [1, 1], -Infinity);
  return toChannelsLast(torch.maxPool2d(image, window, stride));
}

/** "SAME" gives ceil(size / stride) windows, the larger half of what is missing after the image. */
function padded(
  node: GraphNode,
  image: Tensor,
  window: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
  value: number,
): Tensor {
  const padding = text(node, "padding");
  if (padding === "VALID") return image;
  if (padding !== "SAME") throw new Error(`${node.name}: padding ${padding} is not known here`);
  const around = [3, 2].flatMap((dim) => {
    const n = dim - 2;
    const size = image.shape[dim];
    const reach = (Math.ceil(size / stride[n]) - 1) * stride[n] + (window[n] - 1) * dilation[n] + 1;
    const missing = Math.max(0, reach - size);
    return [Math.floor(missing / 2), Math.ceil(missing / 2)];
  });
  return around.some((amount) => amount > 0) ? torch.pad(image, around, "constant", value) : image;
}

/** x [B,H,W,n], size [2]: source places are i H / H', without the half pixel that PyTorch adds. */
export function resizeBilinear(node: GraphNode, [x, size]: readonly Tensor[]): Tensor {
  if (node.attr?.align_corners?.b || node.attr?.half_pixel_centers?.b) {
    throw new Error(`${node.name}: only sampling from the corners of pixels is known here`);
  }
  const [height, width] = size.toArray<number[]>();
  return alongLine(alongLine(x, 1, height), 2, width);
}

function alongLine(x: Tensor, dim: number, size: number): Tensor {
  const last = x.shape[dim] - 1;
  const places = torch.arange(size).mul(x.shape[dim] / size);
  const before = places.floor();
  const after = before.add(1).clampMax(last);
  const shape = x.shape.map((_, n) => (n === dim ? size : 1));
  const part = places.sub(before).view(shape);
  const [low, high] = [before, after].map((index) => x.indexSelect(dim, index.to("int64")));
  return low.add(high.sub(low).mul(part));
}
