import {
  BertLayer,
  Lxmert,
  LxmertCrossLayer,
  LxmertModel,
  Pooler,
  throughStreams,
} from "../../models";
import { GELU, LayerNorm, Linear, Module, ModuleList, Sequential } from "../../nn";
import type { Tensor } from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";
import {
  type EmbeddingOptions,
  type Embeds,
  type Inputs,
  keptEmbeddings,
  type Policy,
  type PolicyContext,
} from "./policy";
import { type Start, startAt } from "./start";
import { type BlockOptions, blockSize } from "./transformer";

/** The size of a small LXMERT and where it starts. */
export interface LxmertPolicyOptions extends BlockOptions, EmbeddingOptions {
  readonly kind: "lxmert";
  /** Blocks that read the words alone; 2 by default. */
  readonly languageLayers?: number;
  /** Blocks that relate the regions; 1 by default. */
  readonly relationalLayers?: number;
  /** Blocks that cross both; 1 by default. */
  readonly crossLayers?: number;
  /** The probability with which every site starts at an alternative; undecided by default. */
  readonly initially?: Start;
}

/**
 * A small LXMERT on the backbone's embeddings of words and regions.
 *
 *     words [B,T,D] --- project [B,T,W] - layer ----+- x_layers -> pooled [B,W] -> logits [B,N,K]
 *     regions [B,O,D] - project [B,O,W] - r_layers -+
 */
export class LxmertPolicy extends Module implements Policy {
  readonly language: Sequential;
  readonly vision: Sequential;
  readonly layer: ModuleList<BertLayer>;
  readonly r_layers: ModuleList<BertLayer>;
  readonly x_layers: ModuleList<LxmertCrossLayer>;
  readonly pooler: Pooler;
  readonly head: Sequential;
  readonly output: Linear;

  /** `width` is D. Throws when the initial bias names no alternative or no probability. */
  constructor(
    private readonly space: DecisionSpace,
    width: number,
    private readonly embeddings: (Module & Embeds) | null,
    options: LxmertPolicyOptions = { kind: "lxmert" },
  ) {
    checkOptions(new.target.name, options, [
      "kind",
      "languageLayers",
      "relationalLayers",
      "crossLayers",
      "initially",
      "hiddenSize",
      "heads",
      "intermediateSize",
      "dropout",
      "embeddings",
    ]);
    super();
    const { languageLayers = 2, relationalLayers = 1, crossLayers = 1 } = options;
    const size = blockSize(width, options);
    const w = size.hidden_size;
    const repeat = <M extends Module>(count: number, make: () => M) =>
      new ModuleList(Array.from({ length: count }, make));
    this.language = new Sequential(new Linear(width, w), new LayerNorm(w));
    this.vision = new Sequential(new Linear(width, w), new LayerNorm(w));
    this.layer = repeat(languageLayers, () => new BertLayer(size));
    this.r_layers = repeat(relationalLayers, () => new BertLayer(size));
    this.x_layers = repeat(crossLayers, () => new LxmertCrossLayer(size));
    this.pooler = new Pooler(w);
    this.head = new Sequential(new Linear(w, 2 * w), new GELU(), new LayerNorm(2 * w));
    this.output = new Linear(2 * w, space.sites.length * space.alternatives.length);
    startAt(this.output, space, options.initially);
  }

  /** Throws on a backbone that is no LXMERT. */
  override forward(inputs: Inputs, backbone: Module): Tensor {
    const embedded = streamsIn(this.embeddings ?? backbone).embedStreams(inputs as never);
    const { dtype } = this.output.weight;
    const [words] = throughStreams(this, {
      language: this.language.forward(embedded.language.to(dtype)), // [B,T,W]
      vision: this.vision.forward(embedded.vision.to(dtype)), // [B,O,W]
      languageMask: embedded.languageMask?.to(dtype) ?? null,
      visionMask: embedded.visionMask?.to(dtype) ?? null,
    });
    const logits = this.output.forward(this.head.forward(this.pooler.forward(words)));
    return logits.view([-1, this.space.sites.length, this.space.alternatives.length]);
  }

  /** The embeddings that it keeps never drop anything. */
  override train(mode = true): this {
    super.train(mode);
    this.embeddings?.eval();
    return this;
  }
}

/** A small LXMERT for a model's decisions. */
export function lxmertPolicy(context: PolicyContext, options: LxmertPolicyOptions): LxmertPolicy {
  const kept = keptEmbeddings(context, options.embeddings);
  return new LxmertPolicy(context.space, context.width(), kept, options);
}

function streamsIn(model: Module): Lxmert | LxmertModel {
  if (model instanceof Lxmert || model instanceof LxmertModel) return model;
  throw new Error(
    `a small LXMERT reads an LXMERT's words and regions, not a ${model.constructor.name}'s: take the transformer policy`,
  );
}
