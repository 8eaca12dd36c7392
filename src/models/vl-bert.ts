import { allOnHost, Dropout, Embedding, init, type LayerNorm, Module } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { BertEncoder, bertLayerNorm } from "./bert";
import type { Positions } from "./block";
import { initialiseLikeBert } from "./initialise";
import { additiveMask } from "./mask";
import { Pooler } from "./text-embeddings";
import type { VLBertConfig } from "./vl-bert-config";

/** What VL-BERT embeds, padded to T tokens and O regions. */
export interface VLBertParts {
  /** [B,T] int64 */
  readonly inputIds: Tensor;
  /** [B,T] int64: question 0, answer 1 */
  readonly tokenTypeIds: Tensor;
  /** [B,T] bool: true where there is a token */
  readonly textMask: Tensor;
  /** [B,O,D]; region 0 is the whole image */
  readonly regions: Tensor;
  /** [1,D] for all regions or [B,O,D]: their linguistic embeddings */
  readonly regionWord: Tensor;
  /** [B,O] bool: true where there is a region */
  readonly regionMask: Tensor;
  /** [B,1,D] for all words or [B,T,D]: what the words see; the whole image, region 0, by default */
  readonly seen?: Tensor;
}

export interface Embedded {
  /** [B,S,D], S = T + O + 1 */
  readonly hidden: Tensor;
  /** [B,1,1,S], added to attention scores: 0, or minus infinity at padding; see `additiveMask` */
  readonly mask: Tensor;
}

/**
 * VL-BERT (Su et al. 2020, arXiv 1908.08530): one transformer over words and image regions.
 *
 *     linguistic  word 0   word 1  ..  word T-1  | region word, O times  |  end
 *     + visual    image    image       image     | region 0 .. O-1       |
 *     + type      0        0           1         | 2                     |  2
 *     + position  0        1           t-1       | t, for all            |  t+1    t words in a row
 */
export class VLBert extends Module {
  readonly word_embeddings: Embedding;
  readonly end_embedding: Embedding;
  readonly position_embeddings: Embedding;
  readonly token_type_embeddings: Embedding;
  readonly embedding_LayerNorm: LayerNorm;
  readonly embedding_dropout: Dropout;
  readonly visual_ln_text: LayerNorm;
  readonly visual_ln_object: LayerNorm;
  readonly encoder: BertEncoder;
  readonly pooler: Pooler | null;

  /** `pools` says whether what [CLS] became is pooled, for heads that read it; false by default. */
  constructor(config: VLBertConfig, options: { readonly pools?: boolean } = {}) {
    const { pools = false } = checkOptions(new.target.name, options, ["pools"]);
    super();
    const { hidden_size } = config;
    this.word_embeddings = new Embedding(config.vocab_size, hidden_size);
    this.end_embedding = new Embedding(1, hidden_size);
    this.position_embeddings = new Embedding(config.max_position_embeddings, hidden_size);
    this.token_type_embeddings = new Embedding(config.type_vocab_size, hidden_size);
    this.embedding_LayerNorm = bertLayerNorm(config);
    this.embedding_dropout = new Dropout(config.hidden_dropout_prob);
    this.visual_ln_text = bertLayerNorm(config);
    this.visual_ln_object = bertLayerNorm(config);
    this.encoder = new BertEncoder(config);
    this.pooler = pools ? new Pooler(hidden_size) : null;
    initialiseLikeBert(this, config.initializer_range);
    init.constant_(this.visual_ln_text.weight!, config.visual_scale_text_init);
    init.constant_(this.visual_ln_object.weight!, config.visual_scale_object_init);
  }

  /** The sum of all embeddings, and the mask; throws when the text is longer than the positions. */
  embed(parts: VLBertParts): Embedded {
    const { textMask, regions, regionMask } = parts;
    const content = this.contentEmbeddings(parts); // [B,S,D]
    const places = this.position_embeddings.forward(this.positionIds(textMask, regions.shape[1]));
    const types = this.token_type_embeddings.forward(typeIds(parts));
    const [text, image] = allOnHost([textMask, regionMask]);
    const sum = this.embedding_LayerNorm.forward(content.add(places).add(types));
    return {
      hidden: this.embedding_dropout.forward(sum),
      mask: additiveMask(torch.cat([text, image, text.newOnes([text.shape[0], 1])], 1), sum),
    };
  }

  /** hidden [B,S,D] -> [B,S,D] */
  encode({ hidden, mask }: Embedded): Tensor {
    return this.encoder.forward(hidden, mask);
  }

  /** hidden [B,S,D] -> what is at one position of each sample: [B,D] */
  read({ hidden, mask }: Embedded, positions: Positions): Tensor {
    return this.encoder.read(hidden, mask, positions);
  }

  override forward(parts: VLBertParts): Tensor {
    return this.encode(this.embed(parts));
  }

  /** Linguistic and visual embeddings of words, regions and the end: [B,T+O+1,D]. */
  private contentEmbeddings({ inputIds, regions, regionWord, seen }: VLBertParts): Tensor {
    const [batch, , size] = regions.shape;
    const clues = this.visual_ln_text.forward(seen ?? regions.narrow(1, 0, 1));
    const words = this.word_embeddings.forward(inputIds).add(clues); // [B,T,D]
    const objects = this.visual_ln_object.forward(regions).add(regionWord); // [B,O,D]
    const end = this.end_embedding.weight.expand([batch, 1, size]);
    return torch.cat([words, objects, end], 1);
  }

  /** Words count up, padding aside; regions share the next number t, the end has t + 1: [B,S]. */
  private positionIds(textMask: Tensor, regions: number): Tensor {
    const [batch, tokens] = textMask.shape;
    const positions = this.position_embeddings.numEmbeddings;
    if (tokens + 2 > positions) {
      throw new RangeError(
        `a text of ${tokens} tokens and the image need ${tokens + 2} positions: ` +
          `max_position_embeddings is ${positions}`,
      );
    }
    const counted = textMask.cumsum(1); // [B,T] int64
    const end = counted.narrow(1, tokens - 1, 1); // [B,1]
    const words = counted.sub(1).clamp(0);
    return torch.cat([words, end.expand([batch, regions]), end.add(1)], 1);
  }
}

/** [B,S], the words' own, then 2. */
function typeIds({ tokenTypeIds, regions }: VLBertParts): Tensor {
  const [batch, count] = regions.shape;
  return torch.cat([tokenTypeIds, tokenTypeIds.newFull([batch, count + 1], 2)], 1);
}
