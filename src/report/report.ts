import { join } from "node:path";
import sharp from "sharp";
import { writeWhole } from "../torch/io/atomic";
import { printable, printableName } from "../torch/printable";
import { figure } from "./figure";
import { renderHeatMap } from "./heat-map";
import { type Results, resultsNotes, resultsTable, resultsTitle } from "./results";
import { plain, type Style } from "./terminal";
import { usageOf } from "./usage";

/** Table, notes and heat maps as text for a terminal or, without a style, for a file. */
export function renderReport(shown: Results, style: Style = plain): string {
  const maps = shown.results.flatMap((result) => usageOf(result) ?? []);
  return [
    style.bold(printableName(resultsTitle(shown))),
    resultsTable(shown, style),
    style.dim(printable(resultsNotes(shown))),
    ...maps.map((map) => renderHeatMap(map, style)),
  ].join("\n\n");
}

/** Writes `report.txt`, `figure.svg` and `figure.png` into a run's folder. */
export async function writeReport(folder: string, shown: Results): Promise<void> {
  writeWhole(join(folder, "report.txt"), `${renderReport(shown)}\n`);
  const svg = figure(shown);
  writeWhole(join(folder, "figure.svg"), svg);
  const png = await sharp(Buffer.from(svg), { density: PNG_DENSITY }).png().toBuffer();
  writeWhole(join(folder, "figure.png"), png);
}

/** Twice the 72 dots per inch that SVG pixels are drawn at: sharp on dense screens. */
const PNG_DENSITY = 144;
