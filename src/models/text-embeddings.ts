import { Dropout, Embedding, type LayerNorm, Linear, Module, Tanh } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { bertLayerNorm } from "./bert";

/** What the embeddings of words need to know. */
export interface TextSize {
  /** D */
  readonly hidden_size: number;
  /** V */
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly hidden_dropout_prob: number;
  readonly layer_norm_eps?: number;
}

/** Rows that start at zero and never learn, null where there is none. */
export interface PaddingRows {
  readonly word: number | null;
  readonly position: number | null;
  readonly type: number | null;
}

/** Words as BERT embeds them: LayerNorm(word + position + type). */
export class TextEmbeddings extends Module {
  readonly word_embeddings: Embedding;
  readonly position_embeddings: Embedding;
  readonly token_type_embeddings: Embedding;
  readonly LayerNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor(size: TextSize, { word, position, type }: PaddingRows) {
    super();
    const table = (rows: number, paddingIdx: number | null) =>
      new Embedding(rows, size.hidden_size, { paddingIdx });
    this.word_embeddings = table(size.vocab_size, word);
    this.position_embeddings = table(size.max_position_embeddings, position);
    this.token_type_embeddings = table(size.type_vocab_size, type);
    this.LayerNorm = bertLayerNorm(size);
    this.dropout = new Dropout(size.hidden_dropout_prob);
  }

  /**
   * ids [B,T] int64, types [B,T] int64, 0 where not given -> [B,T,D].
   * Throws when the text is longer than the positions.
   */
  override forward(ids: Tensor, types?: Tensor | null): Tensor {
    const [, length] = ids.shape;
    const { numEmbeddings: positions } = this.position_embeddings;
    if (length > positions) {
      throw new RangeError(`a text of ${length} tokens: max_position_embeddings is ${positions}`);
    }
    const places = torch.arange(length, { dtype: "int64", device: ids.device }); // [T]
    const sum = this.word_embeddings
      .forward(ids)
      .add(this.token_type_embeddings.forward(types ?? torch.zerosLike(ids)))
      .add(this.position_embeddings.forward(places));
    return this.dropout.forward(this.LayerNorm.forward(sum));
  }
}

/** What a whole input says, read at its first position: hidden [B,S,D] -> tanh(dense) [B,P]. */
export class Pooler extends Module {
  readonly dense: Linear;
  readonly activation = new Tanh();

  /** `outputSize` is P, D by default. */
  constructor(hiddenSize: number, outputSize = hiddenSize) {
    super();
    this.dense = new Linear(hiddenSize, outputSize);
  }

  override forward(hidden: Tensor): Tensor {
    return this.activation.forward(this.dense.forward(hidden.select(1, 0)));
  }
}
