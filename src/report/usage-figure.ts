import { percent } from "./format";
import { element, label, type Svg } from "./svg";
import type { Usage } from "./usage";

const CELL = { width: 62, height: 34 };
const MARGIN = { left: 64, top: 68, between: 18 };
const WHITE = [255, 255, 255] as const;
const BLUE = [9, 62, 140] as const;

/** How wide and high a heat map of usage is, in pixels. */
export function usageFigureSize({ rows, groups }: Usage): { width: number; height: number } {
  const columns = groups.reduce((sum, group) => sum + group.columns.length, 0);
  const between = MARGIN.between * (groups.length - 1);
  return {
    width: labelWidth(rows) + columns * CELL.width + between,
    height: MARGIN.top + rows.length * CELL.height,
  };
}

/** Usage as a heat map: white is never tuned, dark blue is tuned for all inputs. */
export function usageFigure({ title, rows, groups }: Usage): Svg {
  const parts = [label(0, 16, title, { "font-weight": "bold" })];
  for (const [row, name] of rows.entries()) {
    parts.push(label(0, MARGIN.top + (row + 0.5) * CELL.height + 4, name));
  }
  let left = labelWidth(rows);
  for (const { name, columns } of groups) {
    parts.push(label(left, 40, name, { "font-weight": "bold", fill: "#59636e" }));
    for (const column of columns) {
      const middle = left + CELL.width / 2;
      parts.push(label(middle, 58, column.name, { "text-anchor": "middle", "font-size": 12 }));
      for (const [row, share] of column.shares.entries()) {
        parts.push(cell(left, MARGIN.top + row * CELL.height, share));
      }
      left += CELL.width;
    }
    left += MARGIN.between;
  }
  return parts.join("");
}

/** Room for the longest name, at about 7 pixels a letter. */
function labelWidth(rows: readonly string[]): number {
  return Math.max(MARGIN.left, ...rows.map((row) => 7 * row.length + 10));
}

function cell(x: number, y: number, share: number): Svg {
  const middle = { "text-anchor": "middle", fill: share > 0.55 ? "#ffffff" : "#1f2328" };
  return [
    element("rect", {
      x: x + 1,
      y: y + 1,
      width: CELL.width - 2,
      height: CELL.height - 2,
      rx: 3,
      fill: colour(share),
      stroke: "#d8dee4",
    }),
    label(x + CELL.width / 2, y + CELL.height / 2 + 5, percent(share, 0), middle),
  ].join("");
}

function colour(share: number): string {
  const mixed = WHITE.map((white, i) => Math.round(white + (BLUE[i] - white) * share));
  return `rgb(${mixed.join(",")})`;
}
