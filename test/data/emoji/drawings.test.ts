import test from "ava";
import { readConcepts } from "../../../src/data/emoji/concepts";
import { openDrawings } from "../../../src/data/emoji/drawings";
import { EMOJI_STYLES } from "../../../src/data/emoji/sources";

for (const style of EMOJI_STYLES) {
  test(`${style} draws every concept`, (t) => {
    const drawings = openDrawings(style);
    t.is(drawings.style, style);
    t.regex(drawings.source, /^.+@\d+\.\d+\.\d+/);
    for (const { hexcode } of readConcepts()) t.true(drawings.has(hexcode), hexcode);
    t.regex(drawings.svg("1F34E"), /^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  });

  test(`${style}: code points are found however they are written`, (t) => {
    const drawings = openDrawings(style);
    t.is(drawings.svg("31-20e3"), drawings.svg("0031-FE0F-20E3"));
    t.false(drawings.has("1FFFF"));
    t.throws(() => drawings.svg("1FFFF"), { message: `${style} has no drawing of 1FFFF` });
  });
}
