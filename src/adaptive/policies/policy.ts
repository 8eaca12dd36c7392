import type { Module } from "../../nn";
import { Tensor } from "../../torch";
import type { DecisionSpace } from "../decisions";

/** A model's inputs by name; all tensors lead with the batch. */
export type Inputs = Readonly<Record<string, Tensor | null | undefined>>;

/** A model whose embeddings can be computed alone: hidden [B,S,D], mask [B,1,1,S]. */
export interface Embeds {
  readonly config: { readonly hidden_size: number };
  embed(inputs: Inputs): { readonly hidden: Tensor; readonly mask: Tensor };
}

/** Scores alternatives: the inputs, and the backbone for its embeddings, to logits [B,N,K]. */
export interface Policy extends Module {
  forward(inputs: Inputs, backbone: Module): Tensor;
  /**
   * Noise E ~ Exp(1) [B,N,K] of the policy's own. One that has it draws its decisions in evaluation
   * too, and the gate draws nothing.
   */
  noise?(inputs: Inputs): Tensor;
}

/** What a policy is made for. */
export interface PolicyContext {
  readonly space: DecisionSpace;
  /** Width D of the model's embeddings; throws for a model that has none to read. */
  readonly width: () => number;
  /** The model's embeddings, to train as the policy's own or as they were pretrained. */
  readonly embeddings: (kind: "own" | "pretrained") => Module & Embeds;
  /** Whether the backbone's embeddings train, so that a policy has to keep pretrained ones. */
  readonly embeddingsTrain: boolean;
}

/** Where a policy's embeddings come from: the backbone's where they stay frozen, or its own. */
export interface EmbeddingOptions {
  /** `shared` by default, which makes the policy small; `own` are a copy that trains with it. */
  readonly embeddings?: "shared" | "own";
}

/** The embeddings that a policy keeps; null where it reads the backbone's. */
export function keptEmbeddings(
  { embeddings, embeddingsTrain }: PolicyContext,
  kind: EmbeddingOptions["embeddings"] = "shared",
): (Module & Embeds) | null {
  if (kind === "own") return embeddings("own");
  return embeddingsTrain ? embeddings("pretrained") : null;
}

/** The model as one that embeds; throws when it does not. */
export function embedderIn(model: Module): Module & Embeds {
  if (typeof (model as Partial<Embeds>).embed === "function") return model as Module & Embeds;
  throw new Error(
    `${model.constructor.name} has no embed(inputs) for a policy network to read: pass a policy of your own, adapt(model, strategy, { policy: module })`,
  );
}

/** Embeddings as a policy reads them: in its own precision, whatever the backbone is in. */
export function embeddingsFor(
  { dtype }: Tensor,
  embeds: Embeds,
  inputs: Inputs,
): { readonly hidden: Tensor; readonly mask: Tensor } {
  const { hidden, mask } = embeds.embed(inputs);
  return { hidden: hidden.to(dtype), mask: mask.to(dtype) };
}

/** The batch size and device of a model's inputs, by the first tensor among them. Throws for none, and no rows. */
export function batchOf(inputs: Inputs): { batch: number; device: string } {
  const first = Object.values(Object(inputs)).find((input) => input instanceof Tensor);
  if (!first) throw new Error("the inputs hold no tensor, so that they have no batch size");
  const [batch = 0] = first.shape;
  if (batch > 0) return { batch, device: first.device };
  throw new RangeError(
    `the inputs are a batch of none, [${first.shape}], about which nothing can be decided: leave it out`,
  );
}
