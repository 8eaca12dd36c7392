import { printableName } from "../torch/printable";
import { plain, type Style } from "./terminal";

export interface Column {
  readonly title: string;
  /** Stands below the title: what the numbers are. */
  readonly unit?: string;
  readonly align?: "left" | "right";
}

/** Cells of a row; null is empty. */
export type Row = readonly (string | null)[];

/** A table for a monospaced font: titles, units, a rule, the rows. */
export function renderTable(
  columns: readonly Column[],
  values: readonly Row[],
  style: Style = plain,
): string {
  const rows = values.map((row) => row.map((cell) => cell && printableName(cell)));
  const widths = columns.map(({ title, unit = "" }, column) =>
    Math.max(...[title, unit, ...rows.map((row) => row[column] ?? "")].map((cell) => cell.length)),
  );
  const line = (cells: readonly (string | null)[]) =>
    cells
      .map((cell, column) => pad(cell ?? "", widths[column], columns[column].align ?? "right"))
      .join("  ")
      .trimEnd();
  return [
    style.bold(line(columns.map(({ title }) => title))),
    style.dim(line(columns.map(({ unit = "" }) => unit))),
    style.dim("─".repeat(widths.reduce((sum, width) => sum + width + 2, -2))),
    ...rows.map(line),
  ].join("\n");
}

function pad(text: string, width: number, align: "left" | "right"): string {
  return align === "left" ? text.padEnd(width) : text.padStart(width);
}
