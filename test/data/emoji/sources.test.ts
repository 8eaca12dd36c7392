import test from "ava";
import { EMOJI_SOURCES, emojiAttribution } from "../../../src/data/emoji/sources";

test("every source is attributed with its licence", (t) => {
  const licences = Object.fromEntries(EMOJI_SOURCES.map((s) => [s.package, s.licence]));
  t.deepEqual(licences, {
    "@iconify-json/noto": "Apache-2.0",
    "@iconify-json/twemoji": "CC-BY-4.0",
    openmoji: "CC-BY-SA-4.0",
    "emojibase-data": "MIT",
  });
  emojiAttribution().forEach((line, i) => {
    t.true(line.includes(EMOJI_SOURCES[i].licence) && line.includes(EMOJI_SOURCES[i].authors));
  });
});
