import { availableParallelism } from "node:os";
import sharp from "sharp";
import type { Drawings } from "./drawings";

/** Side length of the drawings when nothing else is asked, in pixels. */
export const DEFAULT_IMAGE_SIZE = 64;

/** Drawings are made this many times larger, then averaged down: even edges in every style. */
export const SUPERSAMPLING = 4;

export interface RenderOptions {
  /** Side length of the result, in pixels. */
  size?: number;
  /** Drawings in work at the same time; the default is one per processor. */
  concurrency?: number;
  onDrawing?: (done: number, total: number) => void;
}

/**
 * Renders drawings on white, in the order given: uint8 [images, size, size, 3].
 * @throws Error naming the drawing that could not be rendered.
 */
export async function renderDrawings(
  drawings: Drawings,
  hexcodes: readonly string[],
  options: RenderOptions = {},
): Promise<Uint8Array> {
  const { size = DEFAULT_IMAGE_SIZE, concurrency = availableParallelism(), onDrawing } = options;
  const bytes = size * size * 3;
  const images = new Uint8Array(hexcodes.length * bytes);
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < hexcodes.length) {
      const index = next++;
      images.set(await renderOne(drawings, hexcodes[index], size), index * bytes);
      onDrawing?.(++done, hexcodes.length);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work));
  return images;
}

async function renderOne(drawings: Drawings, hexcode: string, size: number): Promise<Uint8Array> {
  const large = size * SUPERSAMPLING;
  try {
    const pixels = await sharp(Buffer.from(drawings.svg(hexcode)))
      .resize(large, large, { fit: "contain", background: "#ffffff" })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw()
      .toBuffer();
    if (pixels.length !== large * large * 3) {
      throw new Error(`expected ${large} x ${large} RGB, got ${pixels.length} bytes`);
    }
    return shrink(pixels, large, SUPERSAMPLING);
  } catch (error) {
    throw new Error(`Cannot render ${drawings.style} ${hexcode} (${drawings.source}): ${error}`);
  }
}

/** Averages factor x factor blocks of an RGB image: [side, side, 3] -> [side / factor, .., 3]. */
export function shrink(pixels: Uint8Array, side: number, factor: number): Uint8Array {
  const small = side / factor;
  const result = new Uint8Array(small * small * 3);
  const half = (factor * factor) / 2;
  for (let y = 0; y < small; y++) {
    for (let x = 0; x < small; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = half;
        for (let dy = 0; dy < factor; dy++) {
          const row = ((y * factor + dy) * side + x * factor) * 3 + channel;
          for (let dx = 0; dx < factor; dx++) sum += pixels[row + dx * 3];
        }
        result[(y * small + x) * 3 + channel] = sum / (factor * factor);
      }
    }
  }
  return result;
}
