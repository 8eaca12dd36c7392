import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { fillRowWithZero } from "./embedding";
import { type BagMode, embeddingBag, rowIndex } from "./functions/embeddings";
import { normal_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface EmbeddingBagOptions extends FactoryOptions {
  /** Rows whose norm is larger are scaled down, in place, when they are read; none by default. */
  readonly maxNorm?: number | null;
  /** Which norm that is; 2 by default. */
  readonly normType?: number;
  /** Whether a row's gradient is divided by how often the batch has it; false by default. */
  readonly scaleGradByFreq?: boolean;
  /** What becomes of the rows of a bag; "mean" by default. */
  readonly mode?: BagMode;
  /** Whether gradients are sparse; false by default. */
  readonly sparse?: boolean;
  /** Whether the offsets end with the number of ids; false by default. */
  readonly includeLastOffset?: boolean;
  /** A row that no bag counts; none by default. */
  readonly paddingIdx?: number | null;
}

/**
 * The sum, mean or maximum of the rows of each bag of ids, without the rows in between: ids [B,S],
 * or ids [N] with the offsets [B] at which bags begin -> [B,D].
 *
 * Throws RangeError for ids and offsets of other shapes, and for a `paddingIdx` that is no row.
 */
export class EmbeddingBag extends Module {
  weight: Parameter;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly mode: BagMode;
  readonly sparse: boolean;
  readonly includeLastOffset: boolean;
  readonly paddingIdx: number | null;

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options: EmbeddingBagOptions = {},
  ) {
    const {
      maxNorm = null,
      normType = 2,
      scaleGradByFreq = false,
      mode = "mean",
      sparse = false,
      includeLastOffset = false,
      paddingIdx = null,
      ...factory
    } = checkOptions(new.target.name, options, [
      "maxNorm",
      "normType",
      "scaleGradByFreq",
      "mode",
      "sparse",
      "includeLastOffset",
      "paddingIdx",
      "device",
      "dtype",
    ]);
    super();
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.mode = mode;
    this.sparse = sparse;
    this.includeLastOffset = includeLastOffset;
    this.paddingIdx = paddingIdx === null ? null : rowIndex(paddingIdx, numEmbeddings);
    this.weight = new Parameter(torch.empty([numEmbeddings, embeddingDim], factory));
    this.resetParameters();
  }

  /** Weights of the ids, of their shape, are for sums alone. */
  override forward(
    ids: Tensor,
    offsets: Tensor | null = null,
    perSampleWeights: Tensor | null = null,
  ): Tensor {
    const { maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx } =
      this;
    return embeddingBag(ids, this.weight, {
      offsets,
      maxNorm,
      normType,
      scaleGradByFreq,
      mode,
      sparse,
      perSampleWeights,
      includeLastOffset,
      paddingIdx,
    });
  }

  resetParameters(): void {
    normal_(this.weight);
    fillRowWithZero(this.weight, this.paddingIdx);
  }
}
