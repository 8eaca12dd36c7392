import { printableName } from "../torch/printable";
import { percent } from "./format";
import { plain, type Style } from "./terminal";
import type { Usage } from "./usage";

/** Usage as a heat map for a terminal: darker is tuned more often; every cell has its number. */
export function renderHeatMap(usage: Usage, style: Style = plain): string {
  const { title, rows, groups } = shown(usage);
  const label = Math.max(...rows.map((row) => row.length));
  const widths = groups.map(({ columns }) =>
    columns.map(({ name }) => Math.max(CELL, name.length + 1)),
  );
  const header = groups.map(({ name }, g) =>
    name.padEnd(widths[g].reduce((sum, width) => sum + width, 0)),
  );
  const names = groups.map(({ columns }, g) =>
    columns.map(({ name }, c) => name.padStart(widths[g][c])).join(""),
  );
  const line = (name: string, parts: readonly string[]) =>
    `${name.padEnd(label)}  ${parts.join("   ")}`.trimEnd();
  const cells = rows.map((name, row) =>
    line(
      name,
      groups.map(({ columns }, g) =>
        columns.map(({ shares }, c) => cell(shares[row], widths[g][c], style)).join(""),
      ),
    ),
  );
  return [style.bold(title), line("", header), style.dim(line("", names)), ...cells].join("\n");
}

/** The same with names that a terminal shows as they are. */
function shown({ title, rows, groups }: Usage): Usage {
  return {
    title: printableName(title),
    rows: rows.map(printableName),
    groups: groups.map(({ name, columns }) => ({
      name: printableName(name),
      columns: columns.map((column) => ({ ...column, name: printableName(column.name) })),
    })),
  };
}

const CELL = 7;

/** From white to dark blue in the 256-colour palette, and the same in shades of ink. */
const COLOURS = [231, 195, 153, 117, 75, 33, 26, 19];
const SHADES = [" ", "░", "▒", "▓", "█"];

function cell(share: number, width: number, style: Style): string {
  const number = percent(share, 0);
  const level = (levels: readonly unknown[]) =>
    Math.min(levels.length - 1, Math.floor(share * levels.length));
  if (!style.colours)
    return `${SHADES[level(SHADES)].repeat(2)}${number.padStart(4)}`.padStart(width);
  const colour = level(COLOURS);
  return style.on(COLOURS[colour], colour >= 5, `${number} `.padStart(width));
}
