import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { partialName, syncFolder } from "../torch/io/atomic";

export { partialName, writeWhole } from "../torch/io/atomic";

/** Fills a folder under another name, then renames it; one that is there already is replaced. */
export function makeWholeFolder(folder: string, fill: (folder: string) => void): void {
  const partial = partialName(folder);
  mkdirSync(partial, { recursive: true });
  try {
    fill(partial);
    syncFolder(partial);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    syncFolder(dirname(folder));
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Points a link at a name in its own folder, in one step: it always points at something. */
export function pointLink(link: string, name: string): void {
  const partial = partialName(link);
  symlinkSync(name, partial);
  renameSync(partial, link);
  syncFolder(dirname(link));
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
