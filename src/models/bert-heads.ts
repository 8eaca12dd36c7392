import { GELU, type LayerNorm, Linear, Module, Parameter } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { type BertSize, bertLayerNorm } from "./bert";

type HeadSize = Pick<BertSize, "hidden_size" | "layer_norm_eps">;

interface WordsHeadSize extends HeadSize {
  /** Whether the decoder's weight is that of the word embeddings. */
  readonly tie_word_embeddings: boolean;
}

/** LayerNorm(gelu(dense(x))): [..,D] -> [..,D], between an encoder and a classifier. */
export class BertPredictionHeadTransform extends Module {
  readonly dense: Linear;
  readonly activation = new GELU();
  readonly LayerNorm: LayerNorm;

  constructor(size: HeadSize) {
    super();
    this.dense = new Linear(size.hidden_size, size.hidden_size);
    this.LayerNorm = bertLayerNorm(size);
  }

  override forward(hidden: Tensor): Tensor {
    return this.LayerNorm.forward(this.activation.after(this.dense, hidden));
  }
}

/**
 * Scores words: hidden [..,D] -> [..,V], by the word embeddings, or where they are not tied by a weight
 * of its own, and a bias for each word.
 */
export class MaskedWordsHead extends Module {
  readonly bias: Parameter;
  readonly transform: BertPredictionHeadTransform;
  readonly decoder: Linear;

  /** `words` [V,D] is the word embeddings' weight. */
  constructor(size: WordsHeadSize, words: Parameter) {
    super();
    const [vocabulary, width] = words.shape;
    this.bias = new Parameter(torch.zeros([vocabulary]));
    this.transform = new BertPredictionHeadTransform(size);
    this.decoder = new Linear(width, vocabulary, { bias: false });
    if (size.tie_word_embeddings) this.decoder.weight = words;
  }

  override forward(hidden: Tensor): Tensor {
    return this.decoder.forward(this.transform.forward(hidden)).add(this.bias);
  }
}
