import type { Tensor } from "../../torch";
import type { DecisionSpace } from "../decisions";

/** A mean with its standard deviation over inputs. */
export interface Spread {
  readonly mean: number;
  readonly std: number;
}

/** What the inputs of an evaluation picked at one site. */
export interface SiteUsage {
  readonly site: string;
  /** Share of inputs that picked each alternative, by its name. */
  readonly usage: Readonly<Record<string, number>>;
  /**
   * Standard deviation over inputs of each alternative's probability: 0 when the policy does not
   * look at the input, whatever the usage.
   */
  readonly spread: Readonly<Record<string, number>>;
  /** Information between input and decision, in bits: H(mean p) - mean H(p). */
  readonly mutualInformation: number;
}

/** Whether decisions depend on the inputs, which usage alone can not tell. */
export interface DecisionSummary {
  readonly inputs: number;
  readonly sites: readonly SiteUsage[];
  /** Share of an input's sites that picked each alternative, over inputs. */
  readonly usage: Readonly<Record<string, Spread>>;
  /** How many different rows of decisions occurred. */
  readonly uniquePolicies: number;
  /** Mean over sites, in bits. */
  readonly mutualInformation: number;
  /** Share of decisions that differ from the majority's at their site. */
  readonly differFromMajority: number;
  /** Executed FLOPs per input; absent where none were given. */
  readonly flops?: Spread;
}

/** Gathers decisions batch by batch and sums them up after an evaluation. */
export class DecisionStatistics {
  private inputs = 0;
  private readonly policies = new Set<string>();
  private readonly flops = new Moments();
  private readonly usage: readonly Moments[];
  private readonly sites: readonly SiteStatistics[];

  constructor(private readonly space: DecisionSpace) {
    this.usage = space.alternatives.map(() => new Moments());
    this.sites = space.sites.map(() => new SiteStatistics(space.alternatives.length));
  }

  /**
   * Adds a batch: choice [B,N] int64, the policy's probabilities [B,N,K] (where decisions were
   * given instead, leave them out) and the FLOPs [B] of each input.
   */
  add(choice: Tensor, probabilities?: Tensor | null, flops?: Float64Array): void {
    const { sites, alternatives } = this.space;
    const [n, k] = [sites.length, alternatives.length];
    const choices = Array.from(choice.toTypedArray(), Number);
    const given = probabilities?.to("float64").toTypedArray();
    const batch = choices.length / n;
    for (let b = 0; b < batch; b++) {
      const picked = choices.slice(b * n, (b + 1) * n);
      this.policies.add(picked.join());
      for (const [alternative, moments] of this.usage.entries()) {
        moments.add(picked.filter((one) => one === alternative).length / n);
      }
      for (const [site, one] of picked.entries()) {
        const start = (b * n + site) * k;
        const certain = alternatives.map((_, alternative) => Number(alternative === one));
        const p = given ? Array.from(given.slice(start, start + k), Number) : certain;
        this.sites[site].add(one, p);
      }
    }
    for (const spent of flops ?? []) this.flops.add(spent);
    this.inputs += batch;
  }

  /** The statistics of all batches so far; throws when there were none. */
  summary(): DecisionSummary {
    if (this.inputs === 0) throw new Error("no decisions were added to sum up");
    const { sites, alternatives } = this.space;
    const byName = <T>(values: readonly T[]) =>
      Object.fromEntries(alternatives.map((name, k) => [name, values[k]]));
    const information = this.sites.map((site) => site.mutualInformation());
    return {
      inputs: this.inputs,
      sites: sites.map((site, n) => ({
        site,
        usage: byName(this.sites[n].usage()),
        spread: byName(this.sites[n].probabilities.map(({ std }) => std)),
        mutualInformation: information[n],
      })),
      usage: byName(this.usage.map(({ mean, std }) => ({ mean, std }))),
      uniquePolicies: this.policies.size,
      mutualInformation: mean(information),
      differFromMajority: mean(this.sites.map((site) => 1 - Math.max(...site.usage()))),
      ...(this.flops.count > 0 && { flops: { mean: this.flops.mean, std: this.flops.std } }),
    };
  }
}

/** What one site gathers about its K alternatives. */
class SiteStatistics {
  readonly probabilities: readonly Moments[];
  private readonly picked: number[];
  private readonly entropy = new Moments();

  constructor(alternatives: number) {
    this.picked = Array(alternatives).fill(0);
    this.probabilities = this.picked.map(() => new Moments());
  }

  add(choice: number, probabilities: readonly number[]): void {
    this.picked[choice]++;
    this.entropy.add(entropy(probabilities));
    for (const [k, p] of probabilities.entries()) this.probabilities[k].add(p);
  }

  usage(): number[] {
    return this.picked.map((count) => count / this.entropy.count);
  }

  /** Never below 0, which rounding would allow. */
  mutualInformation(): number {
    const meanProbabilities = this.probabilities.map((moments) => moments.mean);
    return Math.max(0, entropy(meanProbabilities) - this.entropy.mean);
  }
}

/** Running mean and standard deviation (Welford 1962). */
class Moments {
  count = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.squares += before * (value - this.mean);
  }

  get std(): number {
    return this.count === 0 ? 0 : Math.sqrt(this.squares / this.count);
  }
}

/** In bits. */
function entropy(probabilities: readonly number[]): number {
  return probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
