import type { Tensor } from "../torch";
import type { Objective, Term } from "./objective";
import { putTogether, readTogether, type Together } from "./read-together";

/** What a part of a batch gave, still on its device. */
export interface PartOfStep {
  /** The part's share of the batch. */
  readonly share: number;
  readonly objective: Objective;
  /** Share of the part's inputs that picked each alternative [N,K]; null where nothing is decided. */
  readonly usage: Tensor | null;
}

/** Means over a batch, and the norms of its gradients. */
export interface StepMeans {
  readonly loss: number;
  readonly task: number;
  readonly terms: Readonly<Partial<Record<Term, number>>>;
  /** [N*K]; empty where nothing is decided. */
  readonly usage: readonly number[];
  readonly norms: readonly number[];
}

/** The share of a batch's inputs that picked each alternative [N,K]; null where nothing is decided. */
export function meanUsage(parts: readonly PartOfStep[]): Tensor | null {
  const weighted = parts.flatMap(({ usage, share }) => (usage ? [usage.mul(share)] : []));
  return weighted.length > 0 ? weighted.reduce((sum, one) => sum.add(one)) : null;
}

/** All that a step tells, in one tensor of the device. */
export interface StepReport extends Together<string> {
  readonly shares: readonly number[];
}

/** Puts together what the parts of a batch and their gradients tell. */
export function stepReport(parts: readonly PartOfStep[], norms: readonly Tensor[]): StepReport {
  const told = parts.flatMap(({ objective: { total, task, terms }, usage }, n) => [
    [`${n}.loss`, total],
    [`${n}.task`, task],
    ...Object.entries(terms).map(([name, term]) => [`${n}.term.${name}`, term]),
    ...(usage ? [[`${n}.usage`, usage]] : []),
  ]);
  const normed = norms.map((norm, n) => [`norm.${n}`, norm]);
  return {
    ...putTogether(Object.fromEntries([...told, ...normed])),
    shares: parts.map(({ share }) => share),
  };
}

/** Reads a report, by one copy from the device. */
export function stepMeans(report: StepReport): StepMeans {
  const read = readTogether(report);
  const mean = (name: string): number[] => {
    const sums: number[] = [];
    for (const [n, share] of report.shares.entries()) {
      for (const [i, value] of (read[`${n}.${name}`] ?? []).entries()) {
        sums[i] = (sums[i] ?? 0) + share * value;
      }
    }
    return sums;
  };
  const terms = namesAfter("0.term.", read).map((name) => [name, mean(`term.${name}`)[0]]);
  return {
    loss: mean("loss")[0],
    task: mean("task")[0],
    terms: Object.fromEntries(terms),
    usage: mean("usage"),
    norms: namesAfter("norm.", read).map((n) => read[`norm.${n}`][0]),
  };
}

function namesAfter(start: string, read: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(read).flatMap((name) =>
    name.startsWith(start) ? [name.slice(start.length)] : [],
  );
}

/** Means over sites of a usage [N*K]. */
export function usageByName(
  usage: readonly number[],
  alternatives: readonly string[],
): Record<string, number> {
  const sites = usage.length / alternatives.length;
  const mean = (k: number) =>
    usage.reduce((sum, one, i) => (i % alternatives.length === k ? sum + one : sum), 0) / sites;
  return Object.fromEntries(alternatives.map((name, k) => [name, mean(k)]));
}
