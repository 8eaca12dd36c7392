import { Dropout, Linear, withoutPacking } from "../nn";
import type { Tensor } from "../torch";
import { BertEncoder } from "./bert";
import { BertConfig } from "./bert-config";
import { knownEntries, labelCount } from "./config";
import { initialiseLikeBert } from "./initialise";
import { checkInputs, TEXT } from "./inputs";
import { additiveMask, presence } from "./mask";
import { type ConfigValues, Model } from "./model";
import type { Rename } from "./names";
import { Pooler, TextEmbeddings } from "./text-embeddings";

/** A batch of texts, padded to T tokens. */
export type BertInputs = {
  /** [B,T] int64: [CLS] words [SEP] */
  readonly inputIds: Tensor;
  /** [B,T] int64; 0 where not given */
  readonly tokenTypeIds?: Tensor | null;
  /** [B,T], 1 where there is a token; everywhere where not given */
  readonly attentionMask?: Tensor | null;
};

export interface BertOutputs extends Record<string, Tensor> {
  /** [B,T,D] */
  hidden: Tensor;
  /** [B,D], of the first token */
  pooled: Tensor;
}

/** A buffer that older checkpoints list among the weights. */
const renames: readonly Rename[] = [[/^(bert\.)?embeddings\.position_ids$/, ""]];

/** BERT (Devlin et al. 2019, arXiv 1810.04805): words -> embeddings -> encoder -> hidden [B,T,D]. */
export class Bert extends Model {
  static override readonly modelType = "bert";
  static override readonly architecture = "BertModel";
  static override readonly Config = BertConfig;
  static override readonly prefix = "bert";
  static override readonly renames = renames;

  readonly embeddings: TextEmbeddings;
  readonly encoder: BertEncoder;
  readonly pooler: Pooler;

  constructor(readonly config: BertConfig = new BertConfig()) {
    super();
    const { hidden_size, pad_token_id, initializer_range } = config;
    this.embeddings = new TextEmbeddings(config, {
      word: pad_token_id,
      position: null,
      type: null,
    });
    this.encoder = new BertEncoder(config);
    this.pooler = new Pooler(hidden_size);
    initialiseLikeBert(this, initializer_range);
  }

  static override readConfig(values: ConfigValues): ConfigValues {
    return { ...knownEntries(BertConfig, values), ...labelCount(values) };
  }

  /** All but the pooler, which not all checkpoints have. */
  static override isBackbone(name: string): boolean {
    return !name.startsWith("pooler.");
  }

  static override isOptional(name: string): boolean {
    return name.startsWith("pooler.");
  }

  /** Padding is computed too: what is there depends on what is not padding. */
  override forward(inputs: BertInputs): BertOutputs {
    return withoutPacking(() => this.read(inputs));
  }

  /** The same, with zeros at padding, which is not computed: for heads that read none of it. */
  read(inputs: BertInputs): BertOutputs {
    const { hidden: embedded, mask } = this.embed(inputs);
    const hidden = this.encoder.forward(embedded, inputs.attentionMask ? mask : null);
    return { hidden, pooled: this.pooler.forward(hidden) };
  }

  /** Everything before the blocks: hidden [B,T,D] and mask [B,1,1,T]. */
  embed(inputs: BertInputs): { hidden: Tensor; mask: Tensor } {
    const { inputIds, tokenTypeIds, attentionMask } = checkInputs(this, inputs, TEXT);
    const hidden = this.embeddings.forward(inputIds, tokenTypeIds);
    return {
      hidden,
      mask: additiveMask(presence(attentionMask, inputIds), hidden),
    };
  }
}

export interface BertClassOutputs extends BertOutputs {
  /** [B,C] */
  logits: Tensor;
}

/** BERT that classifies texts by its pooled output: scores for C classes. */
export class BertForSequenceClassification extends Model {
  static override readonly modelType = "bert";
  static override readonly architecture = "BertForSequenceClassification";
  static override readonly Config = BertConfig;
  static override readonly prefix = "bert";
  static override readonly renames = renames;

  readonly bert: Bert;
  readonly dropout: Dropout;
  readonly classifier: Linear;

  constructor(readonly config: BertConfig = new BertConfig()) {
    super();
    this.bert = new Bert(config);
    this.dropout = new Dropout(config.classifier_dropout ?? config.hidden_dropout_prob);
    this.classifier = new Linear(config.hidden_size, config.num_labels);
    initialiseLikeBert(this.classifier, config.initializer_range);
  }

  static override readConfig(values: ConfigValues): ConfigValues {
    return Bert.readConfig(values);
  }

  static override isBackbone(name: string): boolean {
    return name.startsWith("bert.") && !name.startsWith("bert.pooler.");
  }

  /** Hidden states are zeros at padding, which no class depends on. */
  override forward(inputs: BertInputs): BertClassOutputs {
    const outputs = this.bert.read(inputs);
    return { ...outputs, logits: this.classifier.forward(this.dropout.forward(outputs.pooled)) };
  }

  /** Everything before the blocks: hidden [B,T,D] and mask [B,1,1,T]. */
  embed(inputs: BertInputs): ReturnType<Bert["embed"]> {
    return this.bert.embed(inputs);
  }
}
