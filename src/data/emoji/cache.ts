import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeWhole } from "../../torch/io/atomic";
import type { Drawings } from "./drawings";
import { DEFAULT_IMAGE_SIZE, type RenderOptions, renderDrawings, SUPERSAMPLING } from "./render";

export interface CacheOptions extends RenderOptions {
  /** Folder of the cache; the default is emojiCacheFolder(). */
  cache?: string;
  /** Told when a damaged cache was found and is rebuilt. */
  onNote?: (note: string) => void;
}

/** Drawings of one style, ready to use: uint8 [images, size, size, 3] in the order of `hexcodes`. */
export interface RenderedStyle {
  images: Uint8Array;
  /** Whether they were read from the cache. */
  cached: boolean;
  folder: string;
}

/** $XDG_CACHE_HOME/adaptune/emoji, or ~/.cache/adaptune/emoji. */
export function emojiCacheFolder(): string {
  const home = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(home, "adaptune", "emoji");
}

/**
 * The drawings of a style from the cache, rendered into it when they are not there yet.
 *
 * An entry is a folder `<style>-<hash of package version, settings and concepts>` with `images.bin`
 * and `index.json` (length and SHA-256). It is made under another name and renamed when complete,
 * so that processes rendering at once, or one that is killed, never leave half an entry.
 */
export async function cachedDrawings(
  drawings: Drawings,
  hexcodes: readonly string[],
  options: CacheOptions = {},
): Promise<RenderedStyle> {
  const { cache = emojiCacheFolder(), size = DEFAULT_IMAGE_SIZE } = options;
  const entry: Entry = { drawings, hexcodes, size };
  const folder = join(cache, `${drawings.style}-${entryHash(entry)}`);
  const found = await readEntry(folder, entry);
  if (found.images) return { images: found.images, cached: true, folder };
  if (found.damage) options.onNote?.(`${folder} is damaged (${found.damage}): rendering it anew`);
  const images = await renderDrawings(drawings, hexcodes, options);
  await writeEntry(folder, entry, images);
  return { images, cached: false, folder };
}

interface Entry {
  drawings: Drawings;
  hexcodes: readonly string[];
  size: number;
}

interface EntryIndex {
  settings: Record<string, unknown>;
  hexcodes: readonly string[];
  bytes: number;
  sha256: string;
}

const IMAGES = "images.bin";
const INDEX = "index.json";

function entrySettings({ drawings, size }: Entry): Record<string, unknown> {
  return { format: 1, source: drawings.source, size, supersampling: SUPERSAMPLING };
}

function entryHash(entry: Entry): string {
  const content = JSON.stringify([entrySettings(entry), entry.hexcodes]);
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

/** No images and no damage: there is no entry. */
async function readEntry(
  folder: string,
  entry: Entry,
): Promise<{ images?: Uint8Array; damage?: string }> {
  let index: EntryIndex;
  let images: Uint8Array;
  try {
    index = JSON.parse(await readFile(join(folder, INDEX), "utf8"));
    images = new Uint8Array(await readFile(join(folder, IMAGES)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !(await exists(folder))) return {};
    return { damage: (error as Error).message };
  }
  const expected = entry.hexcodes.length * entry.size * entry.size * 3;
  if (images.length !== expected || index?.bytes !== expected) {
    return { damage: `${images.length} bytes, expected ${expected}` };
  }
  if (sha256(images) !== index.sha256) return { damage: "its hash differs" };
  return { images };
}

async function writeEntry(folder: string, entry: Entry, images: Uint8Array): Promise<void> {
  const fresh = uniqueName(folder);
  const index: EntryIndex = {
    settings: entrySettings(entry),
    hexcodes: entry.hexcodes,
    bytes: images.length,
    sha256: sha256(images),
  };
  try {
    await mkdir(fresh, { recursive: true });
    writeWhole(join(fresh, IMAGES), images);
    writeWhole(join(fresh, INDEX), JSON.stringify(index));
    await putInPlace(fresh, folder, entry);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Renames a complete entry into place; a good entry of another process stays as it is. */
async function putInPlace(fresh: string, folder: string, entry: Entry): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await rename(fresh, folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!OCCUPIED.has(code ?? "") || attempt === 3) throw error;
    }
    if ((await readEntry(folder, entry)).images) return;
    const aside = uniqueName(folder);
    await rename(folder, aside).catch(() => undefined);
    await rm(aside, { recursive: true, force: true });
  }
}

/** How systems say that a folder (Windows: EPERM) or a file (ENOTDIR) is in the way. */
const OCCUPIED = new Set(["ENOTEMPTY", "EEXIST", "EPERM", "ENOTDIR"]);

function uniqueName(folder: string): string {
  return `${folder}.${process.pid}-${randomBytes(4).toString("hex")}.partial`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function exists(folder: string): Promise<boolean> {
  return readFile(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
}
