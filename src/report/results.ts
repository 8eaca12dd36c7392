import { decisionLine } from "../adaptive";
import type { Comparison, Measured, RunResult } from "../train";
import { countedAlternative } from "../train/recipe-strategy";
import { count, percent, withPrefix, wrapped } from "./format";
import { type Column, type Row, renderTable } from "./table";
import type { Style } from "./terminal";

/** Results to show together: of a comparison, or of one run alone. */
export type Results = Pick<Comparison, "domain" | "sourceDomain" | "examples" | "results"> &
  Partial<Pick<Comparison, "data" | "majority" | "before">>;

/** One run's result as one to show. */
export function resultsOf(result: RunResult): Results {
  const { domain, sourceDomain, examples } = result;
  return { domain, sourceDomain, examples, results: [result] };
}

/** A row for every strategy: accuracies on the target and the source, and what they cost. */
export function resultsTable(shown: Results, style?: Style): string {
  const { sourceDomain, results, before, majority } = shown;
  const columns = [
    { title: "strategy", align: "left" },
    { title: "train", unit: "%" },
    { title: "validation", unit: "%" },
    { title: "gap", unit: "points" },
    ...(sourceDomain === null ? [] : [{ title: `${sourceDomain} after`, unit: "%" }]),
    { title: "trainable", unit: "parameters" },
    { title: usageTitle(results), unit: "% of inputs" },
    { title: "policies", unit: "unique" },
    { title: "time", unit: "seconds" },
    { title: "FLOPs", unit: "per input" },
  ] satisfies Column[];
  const row = (name: string, measured: Measured, rest: Row): Row => [
    name,
    ...accuracies(measured, sourceDomain !== null),
    ...rest,
  ];
  const rows: Row[] = [];
  if (majority !== undefined) rows.push(["majority answer", null, percent(majority)]);
  if (before) {
    rows.push(row("not adapted", before, ["0", "none", "1", null, flops(before)]));
  }
  for (const result of results) {
    const { parameters, seconds } = result;
    rows.push(
      row(result.strategy, result, [
        count(parameters.trainable),
        usageBySite(result),
        count(result.validation.decisions?.uniquePolicies ?? 1),
        count(seconds.training),
        flops(result),
      ]),
    );
  }
  return renderTable(columns, rows, style);
}

/** Above a table: what was learnt. */
export function resultsTitle({ domain, sourceDomain }: Results): string {
  return sourceDomain === null
    ? `Learning ${domain}`
    : `Adapting to ${domain}, and what is left of ${sourceDomain}`;
}

/** Below a table: what its figures are measured on, and how far they can be trusted. */
export function resultsNotes({ examples, data, results }: Results): string {
  const { train, validation } = examples;
  return [
    ...(data === undefined ? [] : [data]),
    `learnt from ${count(train)} questions, measured on ${count(validation)} about unseen concepts`,
    `differences below ${percent(2 * standardError(validation))} points may be chance`,
    ...results.flatMap(decisionLines),
  ].join("\n");
}

/** How a policy decides; nothing for a static strategy. */
function decisionLines({ strategy, validation }: RunResult): string[] {
  const { decisions } = validation;
  if (!decisions) return [];
  const line = decisionLine(decisions, countedAlternative(decisions.usage));
  return [wrapped(`${strategy}: ${line}`)];
}

/** Of an accuracy near one half, the largest there is. */
function standardError(examples: number): number {
  return 0.5 / Math.sqrt(examples);
}

function accuracies({ train, validation, source }: Measured, withSource: boolean): Row {
  return [
    percent(train.accuracy),
    percent(validation.accuracy),
    percent(train.accuracy - validation.accuracy),
    ...(withSource ? [source && percent(source.accuracy)] : []),
  ];
}

/** What the usage column shows for the policies at hand. */
function usageTitle(results: readonly RunResult[]): string {
  const counted = results.flatMap(({ validation }) =>
    validation.decisions ? [countedAlternative(validation.decisions.usage)] : [],
  );
  return `${[...new Set(counted)].join(" or ") || "tuned"}, by block`;
}

function usageBySite({ strategy, validation }: RunResult): string {
  const { decisions } = validation;
  if (!decisions) return TRAINS[strategy] ?? "some";
  const { sites, usage } = decisions;
  const counted = countedAlternative(usage);
  if (sites.length > MOST_BLOCKS) return `${percent(usage[counted].mean, 0)} of ${sites.length}`;
  return sites.map((site) => percent(site.usage[counted], 0)).join(" ");
}

/** What trains of the blocks under static strategies that treat all of them alike. */
const TRAINS: Partial<Record<RunResult["strategy"], string>> = {
  standard: "all",
  frozen: "none",
  "head-only": "none",
};

/** More sites than these are shown by their mean. */
const MOST_BLOCKS = 24;

function flops({ validation }: Measured): string {
  return withPrefix(validation.flops.mean);
}
