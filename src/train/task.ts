import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  type Dataset,
  type EmojiStyle,
  EmojiTask,
  type Example,
  Loader,
  readConcepts,
} from "../data";
import type { Recipe } from "./recipe";

/** The examples of a run: what is learnt from, and what is measured on. */
export interface Task {
  readonly dataset: Dataset;
  /** To learn from, in a fixed order. */
  readonly train: readonly Example[];
  /** A fixed part of them, on which train accuracy is measured in evaluation mode. */
  readonly trainProbe: readonly Example[];
  /** Unseen concepts of the same domain; the best checkpoint is chosen by these. */
  readonly validation: readonly Example[];
  /** Unseen concepts of the source domain; null where none is asked about. */
  readonly source: readonly Example[] | null;
  /** Hash of words, answers, examples and some drawings: equal where two runs see the same. */
  readonly fingerprint: string;
}

export interface TaskOptions {
  /** Folder of cached drawings and models; the default follows XDG. */
  readonly cache?: string;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onNote?: (note: string) => void;
}

/** Opens what a recipe's `data` describes; drawings are rendered at the first time. */
export async function openTask(
  { data, evaluation }: Pick<Recipe, "data" | "evaluation">,
  options: TaskOptions = {},
): Promise<Task> {
  const dataset = await openers[data.task](data, options);
  const { questionsPerConcept, seed } = data;
  const questions = { questionsPerConcept, seed };
  const train = dataset.examples(data.domain, "train", {
    ...questions,
    ...(data.trainConcepts !== null && { limitConcepts: data.trainConcepts }),
  });
  const validation = dataset.examples(data.domain, "validation", questions);
  const source =
    data.source === null ? null : dataset.examples(data.source, "validation", questions);
  const trainProbe = probe(train, evaluation.trainExamples);
  return {
    dataset,
    train,
    trainProbe,
    validation,
    source,
    fingerprint: fingerprint(dataset, [train, trainProbe, validation, source ?? []]),
  };
}

/** How each task of recipes is opened. */
const openers = { emoji: openEmoji } as const satisfies Record<
  Recipe["data"]["task"],
  (data: Recipe["data"], options: TaskOptions) => Promise<Dataset>
>;

async function openEmoji(data: Recipe["data"], options: TaskOptions): Promise<Dataset> {
  const styles = data.source === null ? [data.domain] : [data.source, data.domain];
  const task = await EmojiTask.open({
    ...(options.cache !== undefined && { cache: join(options.cache, "emoji") }),
    styles: [...new Set(styles)] as EmojiStyle[],
    size: data.imageSize,
    grid: data.grid,
    minTermConcepts: data.minTermConcepts,
    augmentation: {
      shift: data.augmentation.shift,
      zoom: data.augmentation.zoom,
      flip: data.augmentation.flip,
    },
    ...(data.concepts !== null && { concepts: someConcepts(data.concepts) }),
    onProgress: ({ done, total }) => options.onProgress?.(done, total),
    onNote: options.onNote,
  });
  return task as Dataset;
}

/** So many concepts, spread evenly over all, with all splits among them. */
function someConcepts(count: number): string[] {
  const all = readConcepts();
  const step = Math.max(1, all.length / count);
  const numbers = Array.from({ length: Math.min(count, all.length) }, (_, i) => i * step);
  return numbers.map((number) => all[Math.floor(number)].hexcode);
}

/** A fixed part of the examples that does not favour the first ones. */
function probe(examples: readonly Example[], count: number): readonly Example[] {
  if (count >= examples.length) return examples;
  const { items } = new Loader(examples, { batchSize: count, seed: PROBE_SEED }).next();
  return items;
}

/** Apart from the seeds of runs: all runs on the same data measure on the same examples. */
const PROBE_SEED = 0x9b0be;

function fingerprint(dataset: Dataset, splits: readonly (readonly Example[])[]): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([dataset.vocabulary.tokens, dataset.answers, dataset.regionWidth]));
  for (const examples of splits) {
    hash.update(JSON.stringify(examples.map(({ id, answer }) => [id, answer])));
    const apart = Math.ceil(examples.length / LOOKED_AT);
    for (const example of examples.filter((_, i) => i % apart === 0)) {
      hash.update(pixelsOf(dataset, example));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Drawings of a split that go into a fingerprint: another version of a package changes many. */
const LOOKED_AT = 16;

function pixelsOf({ regions }: Dataset, example: Example): Float32Array {
  const count = regions.count(example);
  const features = new Float32Array(count * regions.width);
  regions.fill(example, features, new Float32Array(count * 4));
  return features;
}
