import type { DecisionSummary } from "../adaptive";
import type { Evaluation, RunResult } from "../train";
import { kindName } from "./format";

/** How often the blocks of a model were tuned, for inputs of several sorts. */
export interface Usage {
  readonly title: string;
  readonly rows: readonly string[];
  readonly groups: readonly {
    readonly name: string;
    readonly columns: readonly {
      readonly name: string;
      /** Share of inputs for which each row's block was the tuned one. */
      readonly shares: readonly number[];
    }[];
  }[];
}

/** A run's usage by kind of question, on the target and on the source; null without a policy. */
export function usageOf(result: RunResult): Usage | null {
  const { validation, source, strategy, domain, sourceDomain } = result;
  if (!validation.decisions) return null;
  const groups = [{ name: domain, columns: columnsOf(validation) }];
  if (source && sourceDomain !== null) {
    groups.push({ name: sourceDomain, columns: columnsOf(source) });
  }
  return {
    title: `${strategy}: inputs that a block's tuned twin serves, in %`,
    rows: validation.decisions.sites.map((_, block) => `block ${block + 1}`),
    groups,
  };
}

function columnsOf({ decisions, decisionsByKind = {} }: Evaluation) {
  const column = (name: string, { sites }: DecisionSummary) => ({
    name,
    shares: sites.map(({ usage }) => usage.tuned),
  });
  return [
    ...Object.entries(decisionsByKind).map(([kind, summary]) => column(kindName(kind), summary)),
    column("all", decisions!),
  ];
}
