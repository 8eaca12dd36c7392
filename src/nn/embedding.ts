import type { Tensor } from "../torch";
import * as torch from "../torch";
import { embedding } from "./functional";
import { normal_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface EmbeddingOptions extends FactoryOptions {
  /** The row that starts at zero and gets no gradient; none by default. */
  readonly paddingIdx?: number | null;
}

/** ids [..] int64 -> rows of the weight [..,D]; the weight [V,D] starts at N(0, 1). */
export class Embedding extends Module {
  weight: Parameter;
  readonly paddingIdx: number | null;

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    { paddingIdx = null, ...factory }: EmbeddingOptions = {},
  ) {
    super();
    this.paddingIdx = paddingIdx === null ? null : rowIndex(paddingIdx, numEmbeddings);
    this.weight = new Parameter(torch.empty([numEmbeddings, embeddingDim], factory));
    this.resetParameters();
  }

  override forward(ids: Tensor): Tensor {
    return embedding(ids, this.weight, this.paddingIdx ?? -1);
  }

  resetParameters(): void {
    normal_(this.weight);
    this.fillPaddingWithZero();
  }

  /** Sets the padding row, if there is one, back to zero after another initialisation. */
  fillPaddingWithZero(): void {
    const { paddingIdx } = this;
    if (paddingIdx === null) return;
    torch.noGrad(() => this.weight.select(0, paddingIdx).fill_(0));
  }
}

function rowIndex(index: number, rows: number): number {
  if (!Number.isInteger(index) || index < -rows || index >= rows) {
    throw new RangeError(`paddingIdx ${index} is none of the ${rows} rows of the embedding`);
  }
  return index < 0 ? index + rows : index;
}
