import {
  type AttentionMask,
  Dropout,
  type LayerNorm,
  Linear,
  Module,
  ModuleList,
  packTogether,
  sendToDevice,
  whilePacked,
  withoutPacking,
} from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { BertLayer, bertLayerNorm } from "./bert";
import { inOrder } from "./block";
import { knownEntries } from "./config";
import { initialiseLikeBert } from "./initialise";
import { checkInputs, TEXT_AND_REGIONS } from "./inputs";
import { LxmertConfig } from "./lxmert-config";
import { LxmertCrossLayer, type Streams } from "./lxmert-cross-layer";
import { lxmertConfigOf, lxmertRenames } from "./lxmert-names";
import { additiveMasks } from "./mask";
import { Model } from "./model";
import { Pooler, TextEmbeddings } from "./text-embeddings";

/** A batch of texts about images, padded to T tokens and O regions. */
export type LxmertInputs = {
  /** [B,T] int64: [CLS] words [SEP] */
  readonly inputIds: Tensor;
  /** [B,T] int64; 0 where not given */
  readonly tokenTypeIds?: Tensor | null;
  /** [B,T], 1 where there is a token; everywhere where not given */
  readonly attentionMask?: Tensor | null;
  /** [B,O,F] */
  readonly regionFeatures: Tensor;
  /** [B,O,4], x1, y1, x2, y2 in 0 .. 1 of the image's width and height */
  readonly regionBoxes: Tensor;
  /** [B,O], 1 where there is a region; everywhere where not given */
  readonly regionMask?: Tensor | null;
};

export interface LxmertOutputs extends Record<string, Tensor> {
  /** [B,T,D] */
  language: Tensor;
  /** [B,O,D] */
  vision: Tensor;
  /** [B,D], of the first token */
  pooled: Tensor;
}

/** What goes into the blocks; a mask is null where all is present. */
export interface LxmertEmbedded {
  /** [B,T,D] */
  readonly language: Tensor;
  /** [B,O,D] */
  readonly vision: Tensor;
  /** [B,1,1,T], added to attention scores: 0, or minus infinity at padding; see `additiveMask` */
  readonly languageMask: Tensor | null;
  /** [B,1,1,O] */
  readonly visionMask: Tensor | null;
}

/**
 * LXMERT (Tan and Bansal 2019, arXiv 1908.07490): words and regions in two streams that cross.
 *
 *     words ---- embeddings ------ layer (9) ----+            +-> language [B,T,D] -- pooler
 *                                                +- x_layers -+
 *     regions -- encoder.visn_fc - r_layers (5) -+    (5)     +-> vision [B,O,D]
 */
export class Lxmert extends Model {
  static override readonly modelType = "lxmert";
  static override readonly architecture: string = "LxmertModel";
  static override readonly Config = LxmertConfig;
  static override readonly prefix = "lxmert";
  static override readonly renames = lxmertRenames;
  static override readonly configOf = lxmertConfigOf;

  readonly embeddings: TextEmbeddings;
  readonly encoder: LxmertEncoder;
  readonly pooler: Pooler;

  constructor(readonly config: LxmertConfig = new LxmertConfig()) {
    super();
    this.embeddings = new TextEmbeddings(config, { word: 0, position: 0, type: 0 });
    this.encoder = new LxmertEncoder(config);
    this.pooler = new Pooler(config.hidden_size);
    initialiseLikeBert(this, config.initializer_range);
  }

  /** All of it: the heads belong to the models around it. */
  static override isBackbone(_name: string): boolean {
    return true;
  }

  static override readConfig(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return knownEntries(LxmertConfig, values);
  }

  /** Padding is computed too: what is there depends on what is not padding. */
  override forward(inputs: LxmertInputs): LxmertOutputs {
    return withoutPacking(() => this.read(inputs));
  }

  /** The same, with zeros at padding, which is not computed: for heads that read none of it. */
  read(inputs: LxmertInputs): LxmertOutputs {
    const [language, vision] = this.encoder.forward(this.embedStreams(inputs));
    return { language, vision, pooled: this.pooler.forward(language) };
  }

  /** Everything before the blocks, both streams as one: hidden [B,T+O,D], mask [B,1,1,T+O]. */
  embed(inputs: LxmertInputs): { hidden: Tensor; mask: Tensor } {
    const { language, vision, languageMask, visionMask } = this.embedStreams(inputs);
    const { device, dtype } = languageMask ?? visionMask ?? language;
    const open = ({ shape }: Tensor) => torch.zeros([shape[0], 1, 1, shape[1]], { device, dtype });
    return {
      hidden: torch.cat([language, vision], 1),
      mask: torch.cat([languageMask ?? open(language), visionMask ?? open(vision)], 3),
    };
  }

  /** Everything before the blocks, by stream. */
  embedStreams(inputs: LxmertInputs): LxmertEmbedded {
    const { inputIds, tokenTypeIds, attentionMask, regionMask } = checkInputs(
      this,
      inputs,
      TEXT_AND_REGIONS,
    );
    const language = this.embeddings.forward(inputIds, tokenTypeIds);
    const [languageMask, visionMask] = additiveMasks([attentionMask, regionMask], language);
    return {
      language,
      vision: this.encoder.visn_fc.forward(inputs.regionFeatures, inputs.regionBoxes),
      languageMask,
      visionMask,
    };
  }
}

/** The blocks, and before them the regions' embeddings, where checkpoints have them. */
export class LxmertEncoder extends Module {
  readonly visn_fc: RegionEmbeddings;
  readonly layer: ModuleList<BertLayer>;
  readonly r_layers: ModuleList<BertLayer>;
  readonly x_layers: ModuleList<LxmertCrossLayer>;

  constructor(config: LxmertConfig) {
    super();
    const { l_layers, x_layers, r_layers } = config;
    this.visn_fc = new RegionEmbeddings(config);
    this.layer = repeat(l_layers, () => new BertLayer(config));
    this.r_layers = repeat(r_layers, () => new BertLayer(config));
    this.x_layers = repeat(x_layers, () => new LxmertCrossLayer(config));
  }

  override forward(embedded: LxmertEmbedded): Streams {
    return throughStreams(this, embedded);
  }
}

/** The blocks of a model with two streams. */
export interface StreamBlocks {
  readonly layer: Iterable<BertLayer>;
  readonly r_layers: Iterable<BertLayer>;
  readonly x_layers: Iterable<LxmertCrossLayer>;
}

/** Runs words and regions through blocks, and no padding: zeros where masks leave positions out. */
export function throughStreams(blocks: StreamBlocks, embedded: LxmertEmbedded): Streams {
  const { language, vision, languageMask, visionMask } = embedded;
  const packed = packTogether([
    [language, languageMask],
    [vision, visionMask],
  ]);
  if (packed === null) {
    const there = (mask: Tensor | null) => mask && sendToDevice(mask, language.device);
    return crossing(blocks, [language, vision], [there(languageMask), there(visionMask)]);
  }
  const [words, regions] = packed;
  const [read, seen] = whilePacked([words.packing, regions.packing], () =>
    crossing(blocks, [words.rows, regions.rows], [words.attention, regions.attention]),
  );
  return [words.unpack(read), regions.unpack(seen)];
}

function crossing(
  { layer, r_layers, x_layers }: StreamBlocks,
  [language, vision]: Streams,
  [languageMask, visionMask]: readonly [AttentionMask, AttentionMask],
): Streams {
  let words = inOrder(layer, language, languageMask);
  let regions = inOrder(r_layers, vision, visionMask);
  for (const block of x_layers) {
    const both = [words, regions] as const;
    [words, regions] = torch.scope(() => block.forward(...both, languageMask, visionMask));
  }
  return [words, regions];
}

/** Regions as the blocks see them: (LN(features [B,O,F]) + LN(boxes [B,O,4])) / 2 -> [B,O,D]. */
export class RegionEmbeddings extends Module {
  readonly visn_fc: Linear;
  readonly visn_layer_norm: LayerNorm;
  readonly box_fc: Linear;
  readonly box_layer_norm: LayerNorm;
  readonly dropout: Dropout;

  constructor(config: LxmertConfig) {
    super();
    this.visn_fc = new Linear(config.visual_feat_dim, config.hidden_size);
    this.visn_layer_norm = bertLayerNorm(config);
    this.box_fc = new Linear(config.visual_pos_dim, config.hidden_size);
    this.box_layer_norm = bertLayerNorm(config);
    this.dropout = new Dropout(config.hidden_dropout_prob);
  }

  override forward(features: Tensor, boxes: Tensor): Tensor {
    const { dtype } = this.visn_fc.weight;
    const seen = this.visn_layer_norm.forward(this.visn_fc.forward(features.to(dtype)));
    const placed = this.box_layer_norm.forward(this.box_fc.forward(boxes.to(dtype)));
    return this.dropout.forward(seen.add(placed).div(2));
  }
}

function repeat<M extends Module>(count: number, make: () => M): ModuleList<M> {
  return new ModuleList(Array.from({ length: count }, make));
}
