import { element, label, type Svg } from "./svg";

export interface Point {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  /** A ring in place of a dot: what the others are compared with. */
  readonly hollow?: boolean;
}

export interface ScatterOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly width: number;
  readonly height: number;
}

const MARGIN = { left: 56, right: 16, top: 30, bottom: 48 };
const RADIUS = 6;
const LINE_HEIGHT = 15;

/** Named points in percent; the axes span what there is to see. */
export function scatter(points: readonly Point[], options: ScatterOptions): Svg {
  const { title, xTitle, yTitle, width, height } = options;
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const xs = axis(points.map(({ x }) => x));
  const ys = axis(points.map(({ y }) => y));
  const toX = (value: number) => left + ((value - xs.low) / (xs.high - xs.low)) * (right - left);
  const toY = (value: number) => bottom - ((value - ys.low) / (ys.high - ys.low)) * (bottom - top);
  const grid = { stroke: "#d8dee4", "stroke-width": 1 };
  const small = { "font-size": 12, fill: "#59636e" };
  return [
    label(left, 16, title, { "font-weight": "bold" }),
    ...xs.ticks.flatMap((tick) => [
      element("line", { x1: toX(tick), x2: toX(tick), y1: top, y2: bottom, ...grid }),
      label(toX(tick), bottom + 17, `${tick}`, { "text-anchor": "middle", ...small }),
    ]),
    ...ys.ticks.flatMap((tick) => [
      element("line", { x1: left, x2: right, y1: toY(tick), y2: toY(tick), ...grid }),
      label(left - 8, toY(tick) + 4, `${tick}`, { "text-anchor": "end", ...small }),
    ]),
    label((left + right) / 2, bottom + 38, xTitle, { "text-anchor": "middle" }),
    label(0, 0, yTitle, {
      "text-anchor": "middle",
      transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)`,
    }),
    ...points.map(({ x, y, colour, hollow }) =>
      element("circle", {
        cx: toX(x),
        cy: toY(y),
        r: RADIUS,
        fill: hollow ? "#ffffff" : colour,
        stroke: colour,
        "stroke-width": 2,
      }),
    ),
    ...names(
      points.map((point) => ({ ...point, x: toX(point.x), y: toY(point.y) })),
      left,
      right,
    ),
  ].join("");
}

/** Names beside their points, on the side with more room, moved apart where they would overlap. */
function names(points: readonly Point[], left: number, right: number): Svg[] {
  const placed: { x: number; y: number; onLeft: boolean }[] = [];
  return [...points]
    .sort((a, b) => a.y - b.y)
    .map(({ name, x, y, colour }) => {
      const onLeft = x > (left + right) / 2;
      let line = y + 4;
      for (const other of placed) {
        const near = other.onLeft === onLeft || Math.abs(other.x - x) < 120;
        if (near && line - other.y < LINE_HEIGHT) line = other.y + LINE_HEIGHT;
      }
      placed.push({ x, y: line, onLeft });
      const anchor = onLeft ? "end" : "start";
      const distance = (RADIUS + 5) * (onLeft ? -1 : 1);
      return label(x + distance, line, name, { "text-anchor": anchor, fill: colour });
    });
}

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** A range a little wider than the values, with round numbers marked. */
export function axis(values: readonly number[]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(1, 0.15 * (most - least));
  const [low, high] = [least - room, most + room];
  const step = [0.5, 1, 2, 5, 10, 20, 50].find((size) => (high - low) / size <= 6) ?? 100;
  const ticks: number[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) ticks.push(n * step);
  return { low, high, ticks };
}
