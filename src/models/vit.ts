import {
  Conv2d,
  Dropout,
  init,
  type LayerNorm,
  Linear,
  Module,
  ModuleList,
  Parameter,
} from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { bertLayerNorm } from "./bert";
import { knownEntries, labelCount } from "./config";
import { initialiseLikeBert } from "./initialise";
import { checkInputs, type InputNames } from "./inputs";
import { type ConfigValues, Model } from "./model";
import type { Rename } from "./names";
import { Pooler } from "./text-embeddings";
import { ViTConfig } from "./vit-config";
import { ViTLayer } from "./vit-layer";

/** A batch of images. */
export type ViTInputs = {
  /** [B,3,H,W], H = W = image_size, normalised as in pre-training */
  readonly pixelValues: Tensor;
};

const IMAGES: InputNames = { needed: ["pixelValues"] };

export interface ViTOutputs extends Record<string, Tensor> {
  /** [B,S,D], S = 1 + (H / patch_size)^2: [CLS], then the patches row by row */
  hidden: Tensor;
}

/** From the names that some releases of transformers have in memory to those of checkpoints. */
const renames: readonly Rename[] = [
  [/^(vit\.)?layers\.(\d+)\./, "$1encoder.layer.$2."],
  [/\.attention\.q_proj\./, ".attention.attention.query."],
  [/\.attention\.k_proj\./, ".attention.attention.key."],
  [/\.attention\.v_proj\./, ".attention.attention.value."],
  [/\.attention\.o_proj\./, ".attention.output.dense."],
  [/\.mlp\.fc1\./, ".intermediate.dense."],
  [/\.mlp\.fc2\./, ".output.dense."],
];

/**
 * ViT (Dosovitskiy et al. 2021, arXiv 2010.11929):
 *
 *     image -> patches -> embeddings -> encoder -> layernorm -> hidden [B,S,D] -> pooler [B,D]
 */
export class ViT extends Model {
  static override readonly modelType = "vit";
  static override readonly architecture = "ViTModel";
  static override readonly Config = ViTConfig;
  static override readonly prefix = "vit";
  static override readonly renames = renames;

  readonly embeddings: PatchEmbeddings;
  readonly encoder: ViTEncoder;
  readonly layernorm: LayerNorm;
  readonly pooler: Pooler | null;

  constructor(
    readonly config: ViTConfig = new ViTConfig(),
    options: { readonly pools?: boolean } = {},
  ) {
    const { pools = true } = checkOptions(new.target.name, options, ["pools"]);
    super();
    const { hidden_size, pooler_output_size, initializer_range } = config;
    this.embeddings = new PatchEmbeddings(config);
    this.encoder = new ViTEncoder(config);
    this.layernorm = bertLayerNorm(config);
    this.pooler = pools ? new Pooler(hidden_size, pooler_output_size ?? hidden_size) : null;
    initialiseLikeBert(this, initializer_range);
  }

  static override readConfig(values: ConfigValues): ConfigValues {
    return { ...knownEntries(ViTConfig, values), ...labelCount(values) };
  }

  /** All but the pooler, which not all checkpoints have. */
  static override isBackbone(name: string): boolean {
    return !name.startsWith("pooler.");
  }

  static override isOptional(name: string): boolean {
    return name.startsWith("pooler.");
  }

  override forward(inputs: ViTInputs): ViTOutputs {
    const { pixelValues } = checkInputs(this, inputs, IMAGES);
    const embedded = this.embeddings.forward(pixelValues);
    const hidden = this.layernorm.forward(this.encoder.forward(embedded));
    return { hidden, ...(this.pooler && { pooled: this.pooler.forward(hidden) }) };
  }

  /** Everything before the blocks: hidden [B,S,D] and a mask [B,1,1,S] of zeros. */
  embed(inputs: ViTInputs): { hidden: Tensor; mask: Tensor } {
    const { pixelValues } = checkInputs(this, inputs, IMAGES);
    const hidden = this.embeddings.forward(pixelValues);
    return { hidden, mask: hidden.newZeros([hidden.shape[0], 1, 1, hidden.shape[1]]) };
  }
}

export interface ViTClassOutputs extends ViTOutputs {
  /** [B,C] */
  logits: Tensor;
}

/** ViT that classifies images by [CLS]: scores for C classes. */
export class ViTForImageClassification extends Model {
  static override readonly modelType = "vit";
  static override readonly architecture = "ViTForImageClassification";
  static override readonly Config = ViTConfig;
  static override readonly prefix = "vit";
  static override readonly renames = renames;

  readonly vit: ViT;
  readonly classifier: Linear;

  constructor(readonly config: ViTConfig = new ViTConfig()) {
    super();
    this.vit = new ViT(config, { pools: false });
    this.classifier = new Linear(config.hidden_size, config.num_labels);
    initialiseLikeBert(this.classifier, config.initializer_range);
  }

  static override readConfig(values: ConfigValues): ConfigValues {
    return ViT.readConfig(values);
  }

  override forward(inputs: ViTInputs): ViTClassOutputs {
    const { hidden } = this.vit.forward(inputs);
    return { hidden, logits: this.classifier.forward(hidden.select(1, 0)) };
  }

  /** Everything before the blocks: hidden [B,S,D] and a mask [B,1,1,S] of zeros. */
  embed(inputs: ViTInputs): ReturnType<ViT["embed"]> {
    return this.vit.embed(inputs);
  }
}

/** Images as the blocks see them: [CLS], then patches row by row, with their places added. */
class PatchEmbeddings extends Module {
  readonly cls_token: Parameter;
  readonly position_embeddings: Parameter;
  readonly patch_embeddings: PatchProjection;
  readonly dropout: Dropout;
  private readonly imageShape: readonly number[];

  constructor(config: ViTConfig) {
    super();
    const { hidden_size, image_size, patch_size, num_channels, initializer_range } = config;
    const patches = (image_size / patch_size) ** 2;
    this.imageShape = [num_channels, image_size, image_size];
    this.cls_token = new Parameter(torch.empty([1, 1, hidden_size]));
    this.position_embeddings = new Parameter(torch.empty([1, patches + 1, hidden_size]));
    this.patch_embeddings = new PatchProjection(config);
    this.dropout = new Dropout(config.hidden_dropout_prob);
    for (const weight of [this.cls_token, this.position_embeddings]) {
      init.normal_(weight, 0, initializer_range);
    }
  }

  /** [B,3,H,W] -> [B,S,D]; throws for images of another shape than the configuration's. */
  override forward(images: Tensor): Tensor {
    const [batch, ...shape] = images.shape;
    if (shape.join() !== this.imageShape.join()) {
      throw new Error(`images are [${shape}], the configuration's are [${this.imageShape}]`);
    }
    const patches = this.patch_embeddings.forward(images);
    const first = this.cls_token.expand([batch, -1, -1]);
    return this.dropout.forward(torch.cat([first, patches], 1).add(this.position_embeddings));
  }
}

/** Patches side by side, each projected: [B,3,H,W] -> [B,patches,D]. */
class PatchProjection extends Module {
  readonly projection: Conv2d;

  constructor({ num_channels, hidden_size, patch_size }: ViTConfig) {
    super();
    this.projection = new Conv2d(num_channels, hidden_size, patch_size, { stride: patch_size });
  }

  override forward(images: Tensor): Tensor {
    return this.projection.forward(images).flatten(2).transpose(1, 2);
  }
}

class ViTEncoder extends Module {
  readonly layer: ModuleList<ViTLayer>;

  constructor(config: ViTConfig) {
    super();
    const blocks = Array.from({ length: config.num_hidden_layers }, () => new ViTLayer(config));
    this.layer = new ModuleList(blocks);
  }

  override forward(hidden: Tensor): Tensor {
    return [...this.layer].reduce((state, block) => block.forward(state), hidden);
  }
}
