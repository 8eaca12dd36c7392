import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findPackages } from "./packages";
import { type EmojiStyle, packageOf } from "./sources";

/** The SVG drawings of one style. */
export interface Drawings {
  readonly style: EmojiStyle;
  /** The package they come from, as name@version. */
  readonly source: string;
  has(hexcode: string): boolean;
  /** The drawing as an SVG document. @throws RangeError for an emoji that the style lacks. */
  svg(hexcode: string): string;
}

/**
 * Opens the drawings of a style in its installed npm package.
 * @throws MissingPackagesError
 */
export function openDrawings(style: EmojiStyle): Drawings {
  return style === "openmoji" ? openFolder() : openIconSet(style);
}

/** Iconify packages hold all SVG bodies in one file, and a file from code points to names. */
function openIconSet(style: "noto" | "twemoji"): Drawings {
  const name = packageOf(style);
  const { folder, version } = findPackages([name]).get(name)!;
  const set = readJson<IconSet>(join(folder, "icons.json"));
  const chars = readJson<Record<string, string>>(join(folder, "chars.json"));
  const names = new Map(Object.entries(chars).map(([points, icon]) => [drawingKey(points), icon]));
  const find = (hexcode: string) => set.icons[names.get(drawingKey(hexcode)) ?? ""];
  return {
    style,
    source: `${name}@${version}`,
    has: (hexcode) => find(hexcode) !== undefined,
    svg: (hexcode) => {
      const icon = find(hexcode) ?? missing(style, hexcode);
      const width = icon.width ?? set.width ?? 16;
      const height = icon.height ?? set.height ?? 16;
      const box = `${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}`;
      const spaces = `xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"`;
      return `<svg ${spaces} width="${width}" height="${height}" viewBox="${box}">${icon.body}</svg>`;
    },
  };
}

interface IconSet {
  icons: Record<string, Icon>;
  width?: number;
  height?: number;
}

interface Icon {
  body: string;
  left?: number;
  top?: number;
  width?: number;
  height?: number;
}

/** OpenMoji has one file per drawing, named by code points. */
function openFolder(): Drawings {
  const { folder, version } = findPackages(["openmoji"]).get("openmoji")!;
  const svgs = join(folder, "color", "svg");
  if (!existsSync(svgs)) throw new Error(`${svgs} is missing: install openmoji anew`);
  const files = new Map(
    readdirSync(svgs)
      .filter((file) => file.endsWith(".svg"))
      .map((file) => [drawingKey(file.slice(0, -4)), join(svgs, file)]),
  );
  return {
    style: "openmoji",
    source: `openmoji@${version}`,
    has: (hexcode) => files.has(drawingKey(hexcode)),
    svg: (hexcode) =>
      readFileSync(files.get(drawingKey(hexcode)) ?? missing("openmoji", hexcode), "utf8"),
  };
}

/** Packages differ in case, leading zeros and whether they write the variation selector. */
function drawingKey(points: string): string {
  return points
    .toUpperCase()
    .split("-")
    .filter((point) => point !== "FE0F")
    .map((point) => point.replace(/^0+/, ""))
    .join("-");
}

function missing(style: EmojiStyle, hexcode: string): never {
  throw new RangeError(`${style} has no drawing of ${hexcode}`);
}

function readJson<T>(path: string): T {
  if (!existsSync(path)) {
    throw new Error(
      `${path} is missing: the installed data package is incomplete; install it anew`,
    );
  }
  return JSON.parse(readFileSync(path, "utf8")) as T;
}
