import { type Row as Cells, type Column, percent, renderTable, type Style } from "adaptune/report";
import { median } from "../statistics";
import type { Trained } from "./training";
import type { WideSteps } from "./wide";

/** One arm on one workload: a JSON line, and a line of the table. */
export interface CounterfactualRow {
  readonly workload: string;
  readonly strategy: string;
  readonly counterfactuals: string;
  /** Median milliseconds of a training step. */
  readonly step_ms: number;
  /** step_ms over that of exact: below 1 is faster. */
  readonly ratio: number;
  /** Share of what was not picked that was computed. */
  readonly executed: number;
  /** On validation after the training, by seed; null where nothing was learnt. */
  readonly accuracy: readonly number[] | null;
  /** Share of validation's decisions that are tuned, by seed. */
  readonly tuned: readonly number[] | null;
  /** Share of them that differ from most at their site, by seed. */
  readonly differing: readonly number[] | null;
  /** Of the gradient of the policy's logits, over that of exact at the same point, by seed. */
  readonly variance: readonly number[] | null;
  /** How far its mean is from exact's: about 1 where both expect the same; by seed. */
  readonly distance: readonly number[] | null;
}

/** The rows of short trainings; the first arm is exact. */
export function trainedRows(
  workload: string,
  strategy: string,
  trained: readonly Trained[],
): CounterfactualRow[] {
  const exact = median(trained[0].times);
  return trained.map(({ arm, times, executed, accuracy, tuned, differing, variance }) => ({
    workload,
    strategy,
    counterfactuals: arm.name,
    step_ms: median(times),
    ratio: median(times) / exact,
    executed: mean(executed),
    accuracy,
    tuned,
    differing,
    variance: variance.map((one) => one.variance),
    distance: variance.map((one) => one.distance),
  }));
}

/** The rows of steps that learn nothing. */
export function wideRows(
  workload: string,
  strategy: string,
  steps: readonly WideSteps[],
): CounterfactualRow[] {
  const exact = median(steps[0].times);
  const unknown = { accuracy: null, tuned: null, differing: null, variance: null, distance: null };
  return steps.map(({ arm, times, executed }) => ({
    workload,
    strategy,
    counterfactuals: arm.name,
    step_ms: median(times),
    ratio: median(times) / exact,
    executed,
    ...unknown,
  }));
}

const columns: readonly Column[] = [
  { title: "workload", align: "left" },
  { title: "strategy", align: "left" },
  { title: "counterfactuals", align: "left" },
  { title: "executed", unit: "%" },
  { title: "step", unit: "ms" },
  { title: "ratio", unit: "to exact" },
  { title: "accuracy", unit: "%, by seed" },
  { title: "tuned", unit: "%" },
  { title: "differing", unit: "%" },
  { title: "variance", unit: "to exact" },
  { title: "mean", unit: "1 is chance" },
];

/** All rows as a table. */
export function counterfactualTable(rows: readonly CounterfactualRow[], style?: Style): string {
  return renderTable(columns, rows.map(cells), style);
}

function cells(row: CounterfactualRow): Cells {
  const known = (values: readonly number[] | null, show: (value: number) => string) =>
    values && show(mean(values));
  const bySeed = row.accuracy?.map((one) => percent(one)).join(" ");
  return [
    row.workload,
    row.strategy,
    row.counterfactuals,
    percent(row.executed, 0),
    row.step_ms.toFixed(1),
    row.ratio.toFixed(2),
    row.accuracy && `${percent(mean(row.accuracy))}: ${bySeed}`,
    known(row.tuned, (share) => percent(share, 0)),
    known(row.differing, (share) => percent(share, 0)),
    known(row.variance, (ratio) => ratio.toFixed(2)),
    row.counterfactuals === "exact" ? null : known(row.distance, (one) => one.toFixed(2)),
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
