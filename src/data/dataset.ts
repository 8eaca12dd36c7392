import type { Device } from "../torch";
import type { RegionBatch } from "./resident-regions";
import type { Vocabulary } from "./vocabulary";

/** The part of the data an example belongs to. */
export type Split = "train" | "validation" | "test";

/** One question about one image, ready to be collated. */
export interface Example {
  /** The same for the same question of the same image, everywhere. */
  id: string;
  question: string;
  /** Token ids with special tokens, as `[CLS] question [SEP] [MASK] [SEP]`. */
  tokens: readonly number[];
  /** Index of the first token of the answer part (token type 1). */
  answerStart: number;
  /** Index into the dataset's answers. */
  answer: number;
  /** What metrics are reported by, such as the question's type. */
  kind: string;
}

/**
 * Where the regions of an example's image come from: pixels, a feature file, a detector.
 * Region 0 is the whole image, as in VL-BERT.
 */
export interface RegionSource<E extends Example = Example> {
  /** F, the width of a region's feature. */
  readonly width: number;
  /** How many regions the example's image has. */
  count(example: E): number;
  /**
   * Writes features [count, F] and boxes [count, 4] (x1, y1, x2, y2 in 0 .. 1). With a seed the
   * image may be augmented; the same seed gives the same result.
   */
  fill(example: E, features: Float32Array, boxes: Float32Array, seed?: number): void;
  /** Whether a seed changes anything; where it is not said, it may. */
  readonly augments?: boolean;
  /** Which image an example shows: the same name for the same regions. */
  imageOf?(example: E): string;
  /** The regions of a whole batch on a device; null where they have to be filled in on the host. */
  batch?(examples: readonly E[], options: RegionBatchOptions): RegionBatch | null;
}

export interface RegionBatchOptions {
  readonly device: Device;
  readonly augmented: boolean;
  /** O: that of the example with the most, or more. */
  readonly count: number;
}

/** What training and evaluation need to know of a dataset, whichever it is. */
export interface Dataset<E extends Example = Example> {
  readonly name: string;
  /** What a model adapts between: styles, corpora, cameras. */
  readonly domains: readonly string[];
  readonly vocabulary: Vocabulary;
  readonly answers: readonly string[];
  /** F, the width of a region's feature. */
  readonly regionWidth: number;
  readonly regions: RegionSource<E>;
  /** Examples in a fixed order; the same options give the same examples. */
  examples(domain: string, split: Split, options?: { seed?: number }): E[];
  /** Counts in words, one fact a line. */
  describe(): string;
}
