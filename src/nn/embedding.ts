import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { embedding, rowIndex } from "./functions/embeddings";
import { normal_, skip } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface EmbeddingOptions extends FactoryOptions {
  /** The row that starts at zero and gets no gradient; none by default. */
  readonly paddingIdx?: number | null;
  /** Rows whose norm is larger are scaled down, in place, when they are read; none by default. */
  readonly maxNorm?: number | null;
  /** Which norm that is; 2 by default. */
  readonly normType?: number;
  /** Whether a row's gradient is divided by how often the batch has it; false by default. */
  readonly scaleGradByFreq?: boolean;
  /** Whether gradients are sparse; false by default. */
  readonly sparse?: boolean;
}

/**
 * ids [..] int64 -> rows of the weight [..,D]; the weight [V,D] starts at N(0, 1).
 *
 * Throws RangeError for a `paddingIdx` that is no row.
 */
export class Embedding extends Module {
  weight: Parameter;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly sparse: boolean;

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options: EmbeddingOptions = {},
  ) {
    const {
      paddingIdx = null,
      maxNorm = null,
      normType = 2,
      scaleGradByFreq = false,
      sparse = false,
      ...factory
    } = checkOptions(new.target.name, options, [
      "paddingIdx",
      "maxNorm",
      "normType",
      "scaleGradByFreq",
      "sparse",
      "device",
      "dtype",
    ]);
    super();
    this.paddingIdx = paddingIdx === null ? null : rowIndex(paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.sparse = sparse;
    this.weight = new Parameter(torch.empty([numEmbeddings, embeddingDim], factory));
    this.resetParameters();
  }

  /** An embedding of given rows [V,D], by default frozen. */
  static fromPretrained(
    rows: Tensor,
    given: EmbeddingOptions & { readonly freeze?: boolean } = {},
  ): Embedding {
    const { freeze = true, ...options } = checkOptions("fromPretrained", given, [
      "paddingIdx",
      "maxNorm",
      "normType",
      "scaleGradByFreq",
      "sparse",
      "device",
      "dtype",
      "freeze",
    ]);
    const [count, size] = rows.shape;
    const { device, dtype } = rows;
    const made = skip(() => new Embedding(count, size, { ...options, device, dtype: dtype }));
    torch.noGrad(() => made.weight.copy_(rows));
    return made.requiresGrad_(!freeze);
  }

  override forward(ids: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return embedding(ids, this.weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse);
  }

  /** Draws the rows from N(0, 1); the padding row is zero. */
  resetParameters(): void {
    normal_(this.weight);
    this.fillPaddingWithZero();
  }

  /** Sets the padding row, if there is one, back to zero after another initialisation. */
  fillPaddingWithZero(): void {
    fillRowWithZero(this.weight, this.paddingIdx);
  }
}

export function fillRowWithZero(weight: Parameter, row: number | null): void {
  if (row !== null) torch.noGrad(() => weight.select(0, row).fill_(0));
}
