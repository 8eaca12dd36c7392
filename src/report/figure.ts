import type { Measured } from "../train";
import type { Results } from "./results";
import { type Point, scatter } from "./scatter";
import { document, element, type Svg } from "./svg";
import { type Usage, usageOf } from "./usage";
import { usageFigure, usageFigureSize } from "./usage-figure";

const PADDING = 24;
const SCATTER = { width: 460, height: 340 };

/** Told apart in print and by colour-blind eyes too (Okabe and Ito). */
const COLOURS: Record<string, string> = {
  frozen: "#0072b2",
  standard: "#d55e00",
  SpotTune_Block: "#009e73",
};
const GREY = "#59636e";

/**
 * The result as a picture: what each strategy gains on the target against what it keeps of the
 * source, and beside it where its policy tunes.
 */
export function figure(shown: Results): Svg {
  const maps = shown.results.flatMap((result) => usageOf(result) ?? []);
  const sizes = maps.map(usageFigureSize);
  const mapsWidth = Math.max(0, ...sizes.map(({ width }) => width + PADDING));
  const mapsHeight = sizes.reduce((sum, { height }) => sum + height + PADDING, 0);
  return document(
    SCATTER.width + mapsWidth + 2 * PADDING,
    Math.max(SCATTER.height, mapsHeight) + 2 * PADDING,
    place(PADDING, PADDING, accuracies(shown)),
    ...maps.map((map, n) =>
      place(SCATTER.width + 2 * PADDING, PADDING + offset(maps, n), usageFigure(map)),
    ),
  );
}

function accuracies({ domain, sourceDomain, before, results }: Results): Svg {
  const point = (name: string, { train, validation, source }: Measured): Point => ({
    name,
    x: 100 * (source ?? train).accuracy,
    y: 100 * validation.accuracy,
    colour: COLOURS[name] ?? GREY,
  });
  const points = results.map((result) => point(result.strategy, result));
  if (before) points.unshift({ ...point("not adapted", before), hollow: true });
  return scatter(points, {
    title: `Adapted to ${domain}`,
    xTitle:
      sourceDomain === null
        ? `accuracy on what was learnt, ${domain}, %`
        : `accuracy on the source afterwards, ${sourceDomain}, %`,
    yTitle: `accuracy on unseen ${domain}, %`,
    ...SCATTER,
  });
}

function place(x: number, y: number, inside: Svg): Svg {
  return element("g", { transform: `translate(${x} ${y})` }, inside);
}

function offset(maps: readonly Usage[], n: number): number {
  return maps.slice(0, n).reduce((sum, map) => sum + usageFigureSize(map).height + PADDING, 0);
}
