import type { RegionSource } from "../dataset";
import { RandomSequence } from "../random";
import type { EmojiStyle } from "./sources";
import type { EmojiExample } from "./task";

/** Small random changes of a drawing; all off by default. */
export interface Augmentation {
  /** Largest shift to each side, as a share of the side length. */
  shift?: number;
  /** Largest change of scale: 0.1 draws from 0.9 to 1.1. */
  zoom?: number;
  /** Mirrors every other drawing. */
  flip?: boolean;
}

/**
 * Regions of drawings made of plain pixels: the whole drawing at patch size, then G x G patches,
 * row by row. A feature is the patch's P x P RGB pixels, normalised: F = 3 P^2, O = G^2 + 1.
 */
export class PixelRegions implements RegionSource<EmojiExample> {
  readonly width: number;

  private readonly patch: number;
  private readonly boxes: Float32Array;
  private readonly scratch: Uint8Array;

  /** @throws RangeError if the grid does not divide the side length. */
  constructor(
    private readonly images: ReadonlyMap<EmojiStyle, Uint8Array>,
    readonly size: number,
    readonly grid: number,
    readonly augmentation: Augmentation = {},
  ) {
    if (!Number.isInteger(grid) || grid < 1 || size % grid !== 0) {
      throw new RangeError(`A grid of ${grid} does not divide drawings of ${size} pixels`);
    }
    this.patch = size / grid;
    this.width = 3 * this.patch ** 2;
    this.boxes = gridBoxes(grid);
    this.scratch = new Uint8Array(size * size * 3);
  }

  get augments(): boolean {
    const { shift = 0, zoom = 0, flip = false } = this.augmentation;
    return shift > 0 || zoom > 0 || flip;
  }

  imageOf({ style, image }: EmojiExample): string {
    return `${style}/${image}`;
  }

  count(): number {
    return this.grid ** 2 + 1;
  }

  /** The drawing's pixels, uint8 [size, size, 3], without augmentation. */
  pixels(example: Pick<EmojiExample, "style" | "image">): Uint8Array {
    const images = this.images.get(example.style);
    if (!images) throw new RangeError(`The style ${example.style} was not opened`);
    const bytes = this.size * this.size * 3;
    return images.subarray(example.image * bytes, (example.image + 1) * bytes);
  }

  fill(example: EmojiExample, features: Float32Array, boxes: Float32Array, seed?: number): void {
    boxes.set(this.boxes);
    const pixels = this.pixels(example);
    const shown = seed === undefined ? pixels : this.augment(pixels, seed);
    const { size, grid, patch, width } = this;
    const share = 1 / grid ** 2;
    features.fill(0, 0, width);
    for (let y = 0; y < size; y++) {
      const patchRow = 1 + Math.floor(y / patch) * grid;
      const insideRow = (y % patch) * patch;
      const wholeRow = Math.floor(y / grid) * patch;
      for (let x = 0; x < size; x++) {
        const from = (y * size + x) * 3;
        const region = patchRow + Math.floor(x / patch);
        const to = region * width + (insideRow + (x % patch)) * 3;
        const whole = (wholeRow + Math.floor(x / grid)) * 3;
        for (let channel = 0; channel < 3; channel++) {
          const value = NORMALISED[shown[from + channel]];
          features[to + channel] = value;
          features[whole + channel] += value * share;
        }
      }
    }
  }

  private augment(pixels: Uint8Array, seed: number): Uint8Array {
    if (!this.augments) return pixels;
    const { size, scratch } = this;
    const { shift = 0, zoom = 0, flip = false } = this.augmentation;
    const random = new RandomSequence(seed);
    const scale = 1 + zoom * (2 * random.next() - 1);
    const left = size * shift * (2 * random.next() - 1);
    const top = size * shift * (2 * random.next() - 1);
    const mirrored = flip && random.next() < 0.5;
    const columns = nearestSources(size, scale, left, mirrored);
    const rows = nearestSources(size, scale, top, false);
    scratch.fill(WHITE);
    for (let y = 0; y < size; y++) {
      if (rows[y] < 0) continue;
      for (let x = 0; x < size; x++) {
        if (columns[x] < 0) continue;
        const from = (rows[y] * size + columns[x]) * 3;
        const to = (y * size + x) * 3;
        scratch[to] = pixels[from];
        scratch[to + 1] = pixels[from + 1];
        scratch[to + 2] = pixels[from + 2];
      }
    }
    return scratch;
  }
}

const WHITE = 255;

/** Mean and deviation of the drawings' pixels (about 200 and 77 of 255) make zero mean, unit range. */
const NORMALISED = Float32Array.from({ length: 256 }, (_, value) => (value / 255 - 0.78) / 0.3);

/** Which source row or column each result row or column shows; -1 is outside the drawing. */
function nearestSources(
  size: number,
  scale: number,
  offset: number,
  mirrored: boolean,
): Int32Array {
  const middle = (size - 1) / 2;
  return Int32Array.from({ length: size }, (_, i) => {
    const source = Math.round((i - middle) / scale + middle - offset);
    if (source < 0 || source >= size) return -1;
    return mirrored ? size - 1 - source : source;
  });
}

/** The whole picture, then the cells row by row: [G^2 + 1, 4] as x1, y1, x2, y2. */
function gridBoxes(grid: number): Float32Array {
  const boxes = [0, 0, 1, 1];
  for (let row = 0; row < grid; row++) {
    for (let column = 0; column < grid; column++) {
      boxes.push(column / grid, row / grid, (column + 1) / grid, (row + 1) / grid);
    }
  }
  return Float32Array.from(boxes);
}
