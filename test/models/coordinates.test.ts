import test from "ava";
import { coordinateEmbeddings } from "../../src/models";
import { coordinateWidth } from "../../src/models/coordinates";
import * as torch from "../../src/torch";
import { isNear } from "../rounding";

test("a box becomes sines, then cosines, of its centre and its size", (t) => {
  const box = torch.tensor([0.1, 0.2, 0.5, 0.8], { dtype: "float64" });
  const embedded = coordinateEmbeddings(box, 16).toArray() as number[];
  const expected = [30, 50, 40, 60].flatMap((position) => {
    const angles = [position, position / Math.sqrt(1000)];
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  });
  t.is(embedded.length, 16);
  // Angles of up to 60 are rounded before their sines are taken.
  for (const [n, value] of embedded.entries())
    t.true(isNear(value, expected[n], { depth: 4, condition: 60 }));
});

test("leading dimensions stay", (t) => {
  t.deepEqual(coordinateEmbeddings(torch.rand([2, 3, 4]), 24).shape, [2, 3, 24]);
});

test("coordinates are as wide as the features, in whole quarters of sines and cosines", (t) => {
  t.deepEqual([2048, 24, 7, 9].map(coordinateWidth), [2048, 24, 8, 16]);
});
