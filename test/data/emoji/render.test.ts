import test from "ava";
import type { Drawings } from "../../../src/data/emoji/drawings";
import { openDrawings } from "../../../src/data/emoji/drawings";
import { renderDrawings, shrink } from "../../../src/data/emoji/render";
import { EMOJI_STYLES } from "../../../src/data/emoji/sources";
import { SUBSET } from "./subset";

function svgDrawings(svg: string): Drawings {
  return { style: "noto", source: "test@1.0.0", has: () => true, svg: () => svg };
}

for (const style of EMOJI_STYLES) {
  test(`${style} is drawn on white, never blank`, async (t) => {
    const images = await renderDrawings(openDrawings(style), SUBSET, { size: 16 });
    const bytes = 16 * 16 * 3;
    t.is(images.length, SUBSET.length * bytes);
    SUBSET.forEach((hexcode, i) => {
      const image = images.subarray(i * bytes, (i + 1) * bytes);
      t.true(Math.min(...image) < 160, `${hexcode} is blank`);
      t.true(Math.max(...image) > 200, `${hexcode} is black`);
    });
  });
}

test("drawings keep their order, whatever the concurrency, and progress is told", async (t) => {
  const drawings = openDrawings("twemoji");
  const progress: number[][] = [];
  const onDrawing = (done: number, total: number) => progress.push([done, total]);
  const one = await renderDrawings(drawings, SUBSET, { size: 8, concurrency: 1, onDrawing });
  const many = await renderDrawings(drawings, SUBSET, { size: 8, concurrency: 5 });
  t.deepEqual(many, one);
  t.deepEqual(
    progress,
    SUBSET.map((_, i) => [i + 1, SUBSET.length]),
  );
});

test("colours and positions are right", async (t) => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4" width="4" height="4">' +
    '<rect width="2" height="2" fill="#ff0000"/><rect x="2" y="2" width="2" height="2" ' +
    'fill="#0000ff" fill-opacity="0.5"/></svg>';
  const pixels = await renderDrawings(svgDrawings(svg), ["A"], { size: 4 });
  const at = (x: number, y: number) => [...pixels.subarray((y * 4 + x) * 3, (y * 4 + x + 1) * 3)];
  t.deepEqual(at(0, 0), [255, 0, 0]);
  t.deepEqual(at(3, 0), [255, 255, 255]);
  t.deepEqual(at(0, 3), [255, 255, 255]);
  const [red, green, blue] = at(3, 3);
  t.true(Math.abs(red - 127) <= 1 && Math.abs(green - 127) <= 1 && blue === 255);
});

test("a drawing that cannot be rendered is named", async (t) => {
  await t.throwsAsync(renderDrawings(svgDrawings("<not svg"), ["1F34E"]), {
    message: /Cannot render noto 1F34E \(test@1\.0\.0\)/,
  });
});

test("shrinking averages blocks, rounded to the nearest", (t) => {
  const pixels = Uint8Array.from([0, 10, 20, 255, 11, 20, 0, 10, 21, 0, 10, 21]);
  t.deepEqual(shrink(pixels, 2, 2), Uint8Array.from([64, 10, 21]));
});
