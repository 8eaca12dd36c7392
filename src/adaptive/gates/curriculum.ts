import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";
import type { Decided } from "./gate";

/** Sites become free block by block, from the last one backwards. */
export interface CurriculumOptions {
  /** What runs at sites that are not free yet. */
  readonly alternative: string;
  /** The step from which on all are free; the last block is so from the beginning. */
  readonly steps: number;
}

/** Decisions of which some are held, which have no gradient. */
export interface Held extends Decided {
  /** Which sites are free: [N] bool. */
  readonly free: Tensor;
}

/**
 * Holds all but the last blocks' decisions at one alternative, fewer as training goes on (after
 * BlockDrop, arXiv 1711.08393, section 3.2). In training alone: with an initial bias towards the
 * same alternative, evaluation too keeps what has not been learnt yet.
 */
export class Curriculum {
  private readonly held: number;
  private readonly blocks: readonly string[];

  /** Throws for an alternative that there is not. */
  constructor(
    private readonly options: CurriculumOptions,
    private readonly space: DecisionSpace,
  ) {
    checkOptions("a gate's curriculum", options, ["alternative", "steps"]);
    const { alternatives, sites } = space;
    this.held = alternatives.indexOf(options.alternative);
    this.blocks = [...new Set(sites.map(blockOf))];
    if (this.held < 0) {
      throw new Error(
        `a curriculum holds sites at ${alternatives.join(" or ")}, not at ${options.alternative}`,
      );
    }
  }

  /** Which sites are free at a step, in their order. */
  free(step: number): boolean[] {
    const { blocks } = this;
    const share = Math.min(1, step / Math.max(1, this.options.steps));
    const count = 1 + Math.floor((blocks.length - 1) * share);
    const free = new Set(blocks.slice(blocks.length - count));
    return this.space.sites.map((site) => free.has(blockOf(site)));
  }

  /** Puts decisions at their alternative where sites are held; null where none is at this step. */
  hold({ gate, choice, probabilities }: Decided, step: number): Held | null {
    const isFree = this.free(step);
    if (isFree.every((one) => one)) return null;
    const free = torch.tensor(isFree, { device: gate.device }); // [N]
    const held = this.space.alternatives.map((_, k) => Number(k === this.held));
    const oneHot = torch.tensor(held, { device: gate.device }).to(gate.dtype); // [K]
    const keep = (tensor: Tensor) => torch.where(free.unsqueeze(-1), tensor, oneHot);
    return {
      gate: keep(gate),
      choice: torch.where(free, choice, choice.newFull([], this.held)),
      probabilities: keep(probabilities),
      free,
    };
  }
}

/** The name of a site's block, the site's own down to its first number: `encoder.layer.3`. */
function blockOf(site: string): string {
  return /^(?:.*?\.)??\d+(?=\.|$)/.exec(site)?.[0] ?? site;
}
