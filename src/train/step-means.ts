import type { Tensor } from "../torch";
import type { Objective, Term } from "./objective";
import { readTogether } from "./read-together";

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

/** Reads all that a step tells, by one copy from the device, when its gradients are there. */
export function stepMeans(parts: readonly PartOfStep[], norms: readonly Tensor[]): StepMeans {
  const read = readTogether(
    Object.fromEntries([
      ...parts.flatMap(({ objective: { total, task, terms }, usage }, n) => [
        [`${n}.loss`, total],
        [`${n}.task`, task],
        ...Object.entries(terms).map(([name, term]) => [`${n}.term.${name}`, term]),
        ...(usage ? [[`${n}.usage`, usage]] : []),
      ]),
      ...norms.map((norm, n) => [`norm.${n}`, norm]),
    ]),
  );
  const mean = (name: string): number[] => {
    const sums: number[] = [];
    for (const [n, { share }] of parts.entries()) {
      for (const [i, value] of (read[`${n}.${name}`] ?? []).entries()) {
        sums[i] = (sums[i] ?? 0) + share * value;
      }
    }
    return sums;
  };
  const terms = Object.keys(parts[0].objective.terms).map((name) => [
    name,
    mean(`term.${name}`)[0],
  ]);
  return {
    loss: mean("loss")[0],
    task: mean("task")[0],
    terms: Object.fromEntries(terms),
    usage: mean("usage"),
    norms: norms.map((_, n) => read[`norm.${n}`][0]),
  };
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
