import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { EMOJI_SOURCES, type EmojiStyle, packageOf } from "./sources";

/** Where an installed data package lies. */
export interface InstalledPackage {
  name: string;
  version: string;
  folder: string;
}

/** Data packages that the emoji task needs are not installed. */
export class MissingPackagesError extends Error {
  constructor(readonly packages: readonly string[]) {
    super(
      `The emoji task needs data packages that are not installed: ${packages.join(", ")}.\n` +
        `Install them with:\n  npm install ${packages.join(" ")}`,
    );
    this.name = "MissingPackagesError";
  }
}

/**
 * Finds the data packages, beside adaptune or in the current project.
 * @throws MissingPackagesError naming all that are missing, with the command that installs them.
 */
export function findPackages(
  names: readonly string[] = EMOJI_SOURCES.map((source) => source.package),
  from: readonly string[] = [__dirname, process.cwd()],
): Map<string, InstalledPackage> {
  const found = new Map<string, InstalledPackage>();
  for (const name of names) {
    const installed = findPackage(name, from);
    if (installed) found.set(name, installed);
  }
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) throw new MissingPackagesError(missing);
  return found;
}

/**
 * Sees that all a task in some styles is made from is there, before any of it is read.
 * @throws MissingPackagesError naming all that are missing
 */
export function requirePackages(styles: readonly EmojiStyle[], from?: readonly string[]): void {
  findPackages(["emojibase-data", ...new Set(styles.map(packageOf))], from);
}

function findPackage(name: string, from: readonly string[]): InstalledPackage | undefined {
  for (const folder of from) {
    for (const modules of createRequire(join(folder, "_")).resolve.paths(name) ?? []) {
      const manifest = readManifest(join(modules, name, "package.json"));
      if (manifest) return { name, version: manifest.version, folder: join(modules, name) };
    }
  }
  return undefined;
}

function readManifest(path: string): { version: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
