import { randomBytes } from "node:crypto";
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Writes a file under another name, then renames it: it is there whole or not at all. */
export function writeWhole(file: string, text: string): void {
  const partial = partialName(file);
  try {
    writeFileSync(partial, text);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Fills a folder under another name, then renames it; one that is there already is replaced. */
export function makeWholeFolder(folder: string, fill: (folder: string) => void): void {
  const partial = partialName(folder);
  mkdirSync(partial, { recursive: true });
  try {
    fill(partial);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Points a link at a name in its own folder, in one step: it always points at something. */
export function pointLink(link: string, name: string): void {
  const partial = partialName(link);
  symlinkSync(name, partial);
  renameSync(partial, link);
}

/** The name that a link of this folder points at; null where there is no link. */
export function linkedName(link: string): string | null {
  try {
    return basename(readlinkSync(link));
  } catch {
    return null;
  }
}

export { cacheFolder } from "../torch/cache";

/** A name beside a file or folder that nobody else uses. */
export function partialName(path: string): string {
  const suffix = `${process.pid}-${randomBytes(4).toString("hex")}`;
  return join(dirname(path), `${basename(path)}.${suffix}.partial`);
}
