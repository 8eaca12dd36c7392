import type { Tensor } from "../torch";
import * as torch from "../torch";

/** What is decided about: N sites, each with the same K alternatives. */
export interface DecisionSpace {
  readonly sites: readonly string[];
  readonly alternatives: readonly string[];
}

/** Some rows of a batch, in batch order. */
export interface Rows {
  readonly numbers: readonly number[];
  /** The same numbers [rows] int64 on the decisions' device; null where they are all or none. */
  readonly index: Tensor | null;
}

/** What was decided at one site, for every alternative k of K. */
export interface SiteDecision {
  /** One-hot [B,K]; has a gradient where the policy learns. */
  readonly gate: Tensor;
  /** The number of the alternative that each of B inputs picked. */
  readonly choice: readonly number[];
  /** The rows that picked alternative k. */
  readonly picked: readonly Rows[];
  /** The rows that picked another one. */
  readonly others: readonly Rows[];
  /** Those among `others` that the decision's gradient is computed for: by default all of them. */
  readonly compared: readonly Rows[];
}

/**
 * All decisions of one forward, known before the backbone starts.
 *
 * Making them costs one copy to the host (the choice) and one back (the rows of all groups), so
 * that no site has to wait for the device.
 */
export class Decisions {
  readonly batch: number;
  readonly sites: readonly SiteDecision[];

  /**
   * Takes gate [B,N,K] and choice [B,N] int64, and where alternatives are compared, [B,N] bool, if
   * not everywhere; throws when the shapes disagree.
   */
  constructor(
    readonly gate: Tensor,
    readonly choice: Tensor,
    comparedAt: Tensor | null = null,
  ) {
    const [batch, sites, alternatives] = gate.shape;
    if (gate.ndim !== 3 || choice.shape.join() !== `${batch},${sites}`) {
      throw new Error(
        `decisions are gate [B,N,K] and choice [B,N], got [${gate.shape}] and [${choice.shape}]`,
      );
    }
    this.batch = batch;
    const choices = Array.from(choice.toTypedArray(), Number);
    const isCompared = comparedAt?.toTypedArray();
    const groups = range(sites).map((site) => {
      const where = (keep: (choice: number) => boolean) =>
        range(batch).filter((row) => keep(choices[row * sites + site]));
      const picked = range(alternatives).map((k) => where((choice) => choice === k));
      // Two alternatives: the others of one are the pickers of the other, gathered once for both.
      const others =
        alternatives === 2
          ? [picked[1], picked[0]]
          : range(alternatives).map((k) => where((choice) => choice !== k));
      const compared =
        isCompared && others.map((rows) => rows.filter((row) => isCompared[row * sites + site]));
      return { picked, others, compared };
    });
    const rows = placeRows(
      groups.flatMap(({ picked, others, compared }) => [...picked, ...others, ...(compared ?? [])]),
      batch,
      choice.device,
    );
    this.sites = groups.map(({ picked, others, compared }, site) => {
      const lost = others.map(rows);
      return {
        gate: gate.select(1, site),
        choice: range(batch).map((row) => choices[row * sites + site]),
        picked: picked.map(rows),
        others: lost,
        compared: compared?.map(rows) ?? lost,
      };
    });
  }
}

/**
 * Puts all lists of row numbers on a device in one copy; the result looks a list's rows up. Equal
 * lists get the same rows, so that what is gathered for one serves the other.
 */
function placeRows(lists: number[][], batch: number, device: string): (list: number[]) => Rows {
  const different = new Map(lists.map((list) => [list.join(), list]));
  const partial = [...different.values()].filter(({ length }) => length > 0 && length < batch);
  const table = torch.tensor(partial.flat(), { dtype: "int64", device });
  const rows = new Map<string, Rows>();
  for (const [key, numbers] of different) rows.set(key, { numbers, index: null });
  let start = 0;
  for (const numbers of partial) {
    rows.set(numbers.join(), { numbers, index: table.narrow(0, start, numbers.length) });
    start += numbers.length;
  }
  return (list) => rows.get(list.join())!;
}

function range(length: number): number[] {
  return [...Array(length).keys()];
}
