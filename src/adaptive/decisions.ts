import { onHost } from "../nn";
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
  /** Whether they are the whole batch. */
  readonly areAll: boolean;
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

/** Whether a decision's gradient is computed for every input. */
export function isComparedWhole({ others, compared }: SiteDecision): boolean {
  return compared.every((rows, k) => rows === others[k]);
}

/**
 * All decisions of one forward, known before the backbone starts.
 *
 * Asking for rows costs one copy to the host, of the choice, the first time: after it no site has to
 * wait for the device. Who asks for the gate alone reads nothing.
 */
export class Decisions {
  readonly batch: number;
  /** Of every site, on the device: the gate [B,K] and the choice [B] int64. */
  readonly onDevice: readonly { readonly gate: Tensor; readonly choice: Tensor }[];
  private known: readonly SiteDecision[] | null = null;

  /**
   * Takes gate [B,N,K] and choice [B,N] int64, and where alternatives are compared, [B,N] bool, if
   * not everywhere; throws when the shapes disagree.
   */
  constructor(
    readonly gate: Tensor,
    readonly choice: Tensor,
    private readonly comparedAt: Tensor | null = null,
  ) {
    const [batch, sites] = gate.shape;
    if (gate.ndim !== 3 || choice.shape.join() !== `${batch},${sites}`) {
      throw new Error(
        `decisions are gate [B,N,K] and choice [B,N], got [${gate.shape}] and [${choice.shape}]`,
      );
    }
    this.batch = batch;
    this.onDevice = range(sites).map((site) => ({
      gate: gate.select(1, site),
      choice: choice.select(1, site),
    }));
  }

  /** The decision at every site, with the rows that made it. */
  get sites(): readonly SiteDecision[] {
    this.known ??= this.read();
    return this.known;
  }

  private read(): readonly SiteDecision[] {
    const [batch, sites, alternatives] = this.gate.shape;
    const [choices, isCompared] = readAll(this.choice, this.comparedAt);
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
    const rows = sharedRows(batch);
    return groups.map(({ picked, others, compared }, site) => {
      const lost = others.map(rows);
      return {
        gate: this.onDevice[site].gate,
        choice: range(batch).map((row) => choices[row * sites + site]),
        picked: picked.map(rows),
        others: lost,
        compared: compared?.map(rows) ?? lost,
      };
    });
  }
}

/** The numbers of tensors [B,N], by one copy to the host where they are on a device. */
function readAll(choice: Tensor, comparedAt: Tensor | null): [number[], number[] | null] {
  const values = torch.scope(() => {
    const all = comparedAt ? torch.stack([choice, comparedAt.to("int64")]) : onHost(choice);
    return Array.from(all.toTypedArray(), Number);
  });
  const count = choice.numel();
  return [values.slice(0, count), comparedAt && values.slice(count)];
}

/** Equal lists of row numbers give the same rows, so that what is gathered for one serves the other. */
function sharedRows(batch: number): (numbers: number[]) => Rows {
  const known = new Map<string, Rows>();
  return (numbers) => {
    const key = numbers.join();
    if (!known.has(key)) known.set(key, { numbers, areAll: numbers.length === batch });
    return known.get(key)!;
  };
}

function range(length: number): number[] {
  return [...Array(length).keys()];
}
