import test from "ava";
import { PixelRegions } from "../../../src/data/emoji/images";
import type { EmojiExample } from "../../../src/data/emoji/task";

const SIZE = 8;
const GRID = 2;
const WIDTH = 4 * 4 * 3;

/** Two drawings: white with a black pixel in the top right cell, and a ramp. */
function regions(augmentation = {}): PixelRegions {
  const images = new Uint8Array(2 * SIZE * SIZE * 3).fill(255);
  images.fill(0, (1 * SIZE + 6) * 3, (1 * SIZE + 7) * 3);
  for (let i = 0; i < SIZE * SIZE * 3; i++) images[SIZE * SIZE * 3 + i] = i;
  return new PixelRegions(new Map([["noto", images]]), SIZE, GRID, augmentation);
}

const example = (image: number) => ({ style: "noto", image }) as EmojiExample;

function fill(source: PixelRegions, image: number, seed?: number) {
  const features = new Float32Array(source.count() * source.width).fill(99);
  const boxes = new Float32Array(source.count() * 4);
  source.fill(example(image), features, boxes, seed);
  return { features, boxes };
}

const normalised = (value: number) => Math.fround((value / 255 - 0.78) / 0.3);

test("a region is a patch's pixels; region 0 is the whole drawing at patch size", (t) => {
  const source = regions();
  t.is(source.width, WIDTH);
  t.is(source.count(), 5);
  const { features } = fill(source, 1);
  const pixel = (x: number, y: number, channel: number) => (y * SIZE + x) * 3 + channel;
  for (const [region, left, top] of [
    [1, 0, 0],
    [2, 4, 0],
    [3, 0, 4],
    [4, 4, 4],
  ]) {
    for (let i = 0; i < WIDTH; i++) {
      const [x, y] = [left + (Math.floor(i / 3) % 4), top + Math.floor(i / 12)];
      t.is(features[region * WIDTH + i], normalised(pixel(x, y, i % 3)));
    }
  }
  const block = [pixel(2, 4, 1), pixel(3, 4, 1), pixel(2, 5, 1), pixel(3, 5, 1)];
  const mean = block.map(normalised).reduce((a, b) => a + b) / 4;
  t.true(Math.abs(features[(2 * 4 + 1) * 3 + 1] - mean) < 1e-6);
});

test("boxes are the whole picture and the cells, row by row", (t) => {
  t.deepEqual(
    [...fill(regions(), 0).boxes],
    [
      ...[0, 0, 1, 1],
      ...[0, 0, 0.5, 0.5],
      ...[0.5, 0, 1, 0.5],
      ...[0, 0.5, 0.5, 1],
      ...[0.5, 0.5, 1, 1],
    ],
  );
});

test("a black pixel is in the cell where it is drawn", (t) => {
  const { features } = fill(regions(), 0);
  const dark = [...features.keys()].filter((i) => i >= WIDTH && features[i] < 0);
  t.deepEqual(
    dark.map((i) => [Math.floor(i / WIDTH), i % WIDTH]),
    [18, 19, 20].map((inside) => [2, inside]),
  );
});

test("without a seed nothing is augmented; a seed always gives the same", (t) => {
  const changed = regions({ shift: 0.2, zoom: 0.2, flip: true });
  t.deepEqual(fill(changed, 1), fill(regions(), 1));
  t.deepEqual(fill(changed, 1, 5), fill(changed, 1, 5));
  const seeds = Array.from({ length: 20 }, (_, seed) => fill(changed, 1, seed).features.join());
  t.true(new Set(seeds).size > 15);
  t.deepEqual(fill(regions(), 1, 5), fill(regions(), 1));
});

test("a flip mirrors half of the drawings, a shift brings in white", (t) => {
  const flipped = regions({ flip: true });
  let mirrored = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { features } = fill(flipped, 0, seed);
    const dark = [...features.keys()].filter((i) => i >= WIDTH && features[i] < 0);
    t.is(dark.length, 3);
    if (Math.floor(dark[0] / WIDTH) === 1) mirrored++;
  }
  t.true(mirrored > 70 && mirrored < 130, `${mirrored}`);
  const shifted = regions({ shift: 0.5 });
  const whites = Array.from({ length: 20 }, (_, seed) => fill(shifted, 1, seed)).map(
    ({ features }) => features.filter((value) => value === normalised(255)).length,
  );
  t.true(Math.max(...whites) > 60, whites.join(" "));
});

test("grids and styles that do not fit are refused", (t) => {
  t.throws(() => new PixelRegions(new Map(), 64, 5), { message: /grid of 5 .* 64 pixels/ });
  t.throws(() => regions().pixels({ style: "openmoji", image: 0 }), { message: /not opened/ });
});
