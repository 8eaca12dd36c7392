import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import type { DecisionSpace } from "../decisions";
import { CERTAIN } from "../policies/given";

/** Sites become free block by block, from the last one backwards. */
export interface CurriculumOptions {
  /** What runs at sites that are not free yet. */
  readonly alternative: string;
  /** The step from which on all are free; the last block is so from the beginning. */
  readonly steps: number;
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

  /** The logits [B,N,K], certain where sites are held, and which are free [N] bool; null for all. */
  hold(logits: Tensor, step: number): { logits: Tensor; free: Tensor } | null {
    const isFree = this.free(step);
    if (isFree.every((one) => one)) return null;
    const free = torch.tensor(isFree, { device: logits.device }); // [N]
    const certain = this.space.alternatives.map((_, k) => (k === this.held ? CERTAIN : 0));
    const held = torch.tensor(certain, { device: logits.device }).to(logits.dtype); // [K]
    return { logits: torch.where(free.unsqueeze(-1), logits, held), free };
  }
}

/** The name of a site's block, the site's own down to its first number: `encoder.layer.3`. */
function blockOf(site: string): string {
  return /^(?:.*?\.)??\d+(?=\.|$)/.exec(site)?.[0] ?? site;
}
