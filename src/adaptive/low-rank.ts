import { functional, init, Linear, Module, Parameter } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import type { Alternative } from "./alternative";
import { type Cut, type InPieces, piecesOf } from "./heads";
import { matchesPath } from "./patterns";
import { replaceModule } from "./replace-module";

export interface LowRankOptions {
  /** Rank r of the update; 8 by default. */
  readonly rank?: number;
  /** The update counts alpha / r times; alpha is 2 r by default. */
  readonly alpha?: number;
  /** Which linear layers of a site get one, by their last names, or as path patterns; all of them by default. */
  readonly targets?: readonly string[];
}

/**
 * A finetuned twin that trains a low-rank update of its linear layers, all else being the
 * pretrained weights themselves (LoRA, Hu et al. 2022, arXiv 2106.09685).
 *
 * Building throws for a site in which no linear layer is a target, or whose layers are narrower
 * than the rank.
 */
export function lowRank(options: LowRankOptions = {}): Alternative {
  const { targets, ...size } = checkOptions("lowRank", options, ["rank", "alpha", "targets"]);
  const { rank = 8, alpha = 2 * rank } = size;
  return {
    name: "tuned",
    keepsNames: false,
    content: { kind: "low-rank", rank, alpha, targets },
    build(site) {
      if (site instanceof Linear) return new LowRankLinear(site, rank, alpha);
      const twin = site.clone((weight) => weight);
      const layers = twin.namedModules().filter(([, module]) => module instanceof Linear);
      const chosen = layers.filter(([path]) => !targets || isTarget(path, targets));
      if (chosen.length === 0) {
        throw new Error(
          `no linear layer of ${site.constructor.name} is among ${targets?.join(", ") ?? "the targets"}: ` +
            `it has ${layers.map(([path]) => path).join(", ") || "none"}`,
        );
      }
      for (const [path, linear] of chosen) {
        twin.setModule(path, new LowRankLinear(linear as Linear, rank, alpha));
      }
      return twin;
    },
  };
}

/** Whether a linear layer is meant by a target, such as `query` or `attention.**`. */
export function isTarget(path: string, targets: readonly string[]): boolean {
  return targets.some((target) => matchesPath(target, path) || matchesPath(`**.${target}`, path));
}

/**
 * x [..,n] -> x (W + alpha / r B A)^T + bias [..,m]: the weight W [m,n] and the bias are the given
 * layer's own and stay, A [r,n] and B [m,r] train. B starts at 0, so that the update does.
 */
export class LowRankLinear extends Module implements InPieces {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly lora_A: Parameter;
  readonly lora_B: Parameter;
  readonly inFeatures: number;
  readonly outFeatures: number;

  constructor(
    { weight, bias, inFeatures, outFeatures }: Linear,
    rank: number,
    private readonly alpha: number,
  ) {
    super();
    if (!(Number.isInteger(rank) && rank >= 1 && rank <= Math.min(inFeatures, outFeatures))) {
      throw new RangeError(
        `rank ${rank} of a linear layer ${inFeatures} -> ${outFeatures}: it has to be an integer ` +
          `from 1 to ${Math.min(inFeatures, outFeatures)}`,
      );
    }
    this.weight = weight;
    this.bias = bias;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const { device, dtype } = weight;
    this.lora_A = new Parameter(torch.empty([rank, inFeatures], { device, dtype }));
    this.lora_B = new Parameter(torch.zeros([outFeatures, rank], { device, dtype }));
    init.kaimingUniform_(this.lora_A, Math.sqrt(5));
  }

  override forward(x: Tensor): Tensor {
    const update = functional.linear(this.reduced(x), this.lora_B);
    return functional.linear(x, this.weight, this.bias).add(update);
  }

  inPieces(cut: Cut): ((x: Tensor) => Tensor)[] {
    const pretrained = piecesOf(this.weight, this.bias, cut);
    const updates = piecesOf(this.lora_B, null, cut);
    return pretrained.map((piece, n) => (x) => piece(x).add(updates[n](this.reduced(x))));
  }

  /** The layer that gives the same: W + alpha / r B A as its weight. */
  merged(): Linear {
    const { inFeatures, outFeatures, weight, bias, lora_A, lora_B } = this;
    const { device, dtype } = weight;
    const linear = new Linear(inFeatures, outFeatures, { bias: bias !== null, device, dtype });
    torch.noGrad(() => {
      linear.weight.copy_(weight.add(lora_B.matmul(lora_A).mul(this.scale)));
      if (bias) linear.bias!.copy_(bias);
    });
    return linear;
  }

  /** alpha / r A x: [..,n] -> [..,r] */
  private reduced(x: Tensor): Tensor {
    return functional.linear(x, this.lora_A).mul(this.scale);
  }

  private get scale(): number {
    return this.alpha / this.lora_A.shape[0];
  }
}

/** A module with low-rank updates added to the weights, itself in that it has none. */
export function withoutUpdates(module: Module): Module {
  if (module instanceof LowRankLinear) return module.merged();
  for (const [path, below] of module.namedModules()) {
    if (below instanceof LowRankLinear) replaceModule(module, path, () => below.merged());
  }
  return module;
}
