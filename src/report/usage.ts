import type { DecisionSummary, SiteUsage } from "../adaptive";
import type { Evaluation, RunResult } from "../train";
import { countedAlternative } from "../train/recipe-strategy";
import { kindName } from "./format";

/** How often the sites of a model were tuned, or kept, for inputs of several sorts. */
export interface Usage {
  readonly title: string;
  readonly rows: readonly string[];
  readonly groups: readonly {
    readonly name: string;
    readonly columns: readonly {
      readonly name: string;
      /** Share of inputs for which each row's site was tuned, or kept. */
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
    title: titleOf(strategy, validation.decisions),
    rows: rowNames(validation.decisions.sites),
    groups,
  };
}

/** Whether sites are whole blocks, which have numbers for names. */
export function areBlocks(sites: readonly SiteUsage[]): boolean {
  return sites.every(({ site }) => /\.\d+$/.test(site) && !site.includes(".head."));
}

function titleOf(strategy: string, { usage, sites }: DecisionSummary): string {
  const place = areBlocks(sites) ? "block" : "site";
  return "tuned" in usage
    ? `${strategy}: inputs that a ${place}'s tuned twin serves, in %`
    : `${strategy}: inputs that a ${place} is kept for, in %`;
}

/** Blocks by number from 1; other sites by what tells their names apart, as in `0.attention`. */
function rowNames(sites: readonly SiteUsage[]): string[] {
  const names = sites.map(({ site }) => site.split("."));
  if (areBlocks(sites)) {
    const lists = names.map((name) => name.at(-2) ?? "");
    const list = (n: number) => (new Set(lists).size === 1 ? "block" : lists[n]);
    return names.map((name, n) => `${list(n)} ${Number(name.at(-1)) + 1}`);
  }
  let common = 0;
  while (names.every((name) => name.length > common + 1 && name[common] === names[0][common])) {
    common++;
  }
  return names.map((name) => name.slice(common).join("."));
}

function columnsOf({ decisions, decisionsByKind = {} }: Evaluation) {
  const column = (name: string, { sites }: DecisionSummary) => ({
    name,
    shares: sites.map(({ usage }) => usage[countedAlternative(usage)]),
  });
  return [
    ...Object.entries(decisionsByKind).map(([kind, summary]) => column(kindName(kind), summary)),
    column("all", decisions!),
  ];
}
