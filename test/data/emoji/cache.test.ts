import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { type CacheOptions, cachedDrawings, emojiCacheFolder } from "../../../src/data/emoji/cache";
import { openDrawings } from "../../../src/data/emoji/drawings";
import { cacheFolder, SUBSET } from "./subset";

const render = (options: CacheOptions, hexcodes = SUBSET) =>
  cachedDrawings(openDrawings("noto"), hexcodes, { size: 8, ...options });

test("drawings are rendered once, then read", async (t) => {
  const cache = cacheFolder(t);
  const first = await render({ cache });
  const second = await render({ cache, onDrawing: () => t.fail("rendered again") });
  t.deepEqual([first.cached, second.cached], [false, true]);
  t.deepEqual(second.images, first.images);
  t.is(second.folder, first.folder);
});

test("other settings, concepts and styles have entries of their own", async (t) => {
  const cache = cacheFolder(t);
  await render({ cache });
  t.false((await render({ cache, size: 16 })).cached);
  t.false((await render({ cache }, SUBSET.slice(1))).cached);
  t.false((await cachedDrawings(openDrawings("openmoji"), SUBSET, { cache, size: 8 })).cached);
  t.is(readdirSync(cache).length, 4);
});

const damages: Record<string, (folder: string) => void> = {
  "images cut short": (folder) => truncateSync(join(folder, "images.bin"), 100),
  "one byte changed": (folder) => {
    const bytes = readFileSync(join(folder, "images.bin"));
    bytes[5] ^= 1;
    writeFileSync(join(folder, "images.bin"), bytes);
  },
  "images gone": (folder) => rmSync(join(folder, "images.bin")),
  "index gone": (folder) => rmSync(join(folder, "index.json")),
  "index not JSON": (folder) => writeFileSync(join(folder, "index.json"), "{"),
  "index of nothing": (folder) => writeFileSync(join(folder, "index.json"), "null"),
  "a file in its place": (folder) => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
  },
};

for (const [damage, spoil] of Object.entries(damages)) {
  test(`a damaged entry is rebuilt with a note: ${damage}`, async (t) => {
    const cache = cacheFolder(t);
    const first = await render({ cache });
    spoil(first.folder);
    const notes: string[] = [];
    const again = await render({ cache, onNote: (note) => notes.push(note) });
    t.false(again.cached);
    t.deepEqual(again.images, first.images);
    t.is(notes.length, 1);
    t.true(notes[0].includes(first.folder) && notes[0].includes("damaged"), notes[0]);
    t.true((await render({ cache })).cached);
    t.is(readdirSync(cache).length, 1, "nothing is left aside");
  });
}

test("renderings at the same time end in one good entry and leave nothing behind", async (t) => {
  const cache = cacheFolder(t);
  const all = await Promise.all([render({ cache }), render({ cache }), render({ cache })]);
  t.deepEqual(all[1].images, all[0].images);
  t.is(readdirSync(cache).length, 1);
  t.true((await render({ cache })).cached);
});

test("a process killed while rendering leaves no entry", async (t) => {
  const cache = cacheFolder(t);
  const source = require.resolve("../../../src/data/emoji/cache");
  const script = `
    require("ts-node/register/transpile-only");
    const { cachedDrawings } = require(${JSON.stringify(source)});
    const { openDrawings } = require(${JSON.stringify(require.resolve("../../../src/data/emoji/drawings"))});
    cachedDrawings(openDrawings("noto"), ${JSON.stringify(SUBSET)}, {
      cache: ${JSON.stringify(cache)}, size: 8,
      onDrawing: (done) => done === 6 && process.kill(process.pid, "SIGKILL"),
    });`;
  await t.throwsAsync(promisify(execFile)(process.execPath, ["-e", script]), {
    message: /Command failed/,
  });
  t.deepEqual(readdirSync(cache), []);
  t.false((await render({ cache })).cached);
});

test("a rendering that fails leaves nothing behind", async (t) => {
  const cache = cacheFolder(t);
  await t.throwsAsync(render({ cache }, ["1FFFF"]), { message: /no drawing of 1FFFF/ });
  t.deepEqual(readdirSync(cache), []);
});

test.serial("the cache follows XDG_CACHE_HOME", (t) => {
  const before = process.env.XDG_CACHE_HOME;
  t.teardown(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  process.env.XDG_CACHE_HOME = join("/", "somewhere");
  t.is(emojiCacheFolder(), join("/", "somewhere", "adaptune", "emoji"));
  delete process.env.XDG_CACHE_HOME;
  t.regex(emojiCacheFolder(), /\.cache.adaptune.emoji$/);
});
