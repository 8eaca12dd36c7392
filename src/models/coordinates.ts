import type { Tensor } from "../torch";
import * as torch from "../torch";

/** Boxes are measured in hundredths of the image, and wavelengths span a factor of 1000. */
const SCALE = 100;
const BASE = 1000;

/**
 * Where regions are, as sines and cosines (Su et al. 2020, arXiv 1908.08530, after Hu et al. 2018,
 * arXiv 1711.11575): boxes [..,4] as x1, y1, x2, y2 in 0 .. 1 -> [.., width], one quarter each for
 * the centre's x and y, the width and the height; half of a quarter sines, half cosines.
 * `width` is a multiple of 8.
 */
export function coordinateEmbeddings(boxes: Tensor, width: number): Tensor {
  const frequencies = width / 8;
  const low = boxes.narrow(-1, 0, 2);
  const size = boxes.narrow(-1, 2, 2).sub(low);
  const position = torch.cat([size.div(2).add(low), size], -1).mul(SCALE); // [..,4]
  const exponents = torch.arange(frequencies, { dtype: boxes.dtype, device: boxes.device });
  const wavelengths = torch.pow(BASE, exponents.div(frequencies)); // [width / 8]
  const angles = position.unsqueeze(-1).div(wavelengths); // [..,4,width / 8]
  return torch.cat([angles.sin(), angles.cos()], -1).flatten(-2);
}

/** The coordinates' share of a region: as wide as its features, rounded up to a multiple of 8. */
export function coordinateWidth(featureWidth: number): number {
  return 8 * Math.ceil(featureWidth / 8);
}
