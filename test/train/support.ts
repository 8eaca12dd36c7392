import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type Dataset, type Example, RandomSequence, Vocabulary } from "../../src/data";
import { setNumThreads, type Tensor } from "../../src/torch";
import { newModel } from "../../src/train/base-model";
import { adaptModel, type TrainedModel } from "../../src/train/model";
import { type Recipe, resolveRecipe } from "../../src/train/recipe";
import type { Task } from "../../src/train/task";
import type { TrainerState } from "../../src/train/trainer";

const ANSWERS = 4;
const WIDTH = 6;
const REGIONS = 3;
const vocabulary = Vocabulary.fromWords(["what", "which"]);

/** The whole image has a one where the answer is; all else is noise that depends on the example. */
const dataset: Dataset = {
  name: "one of four",
  domains: ["a", "b"],
  vocabulary,
  answers: ["w", "x", "y", "z"],
  regionWidth: WIDTH,
  regions: {
    width: WIDTH,
    count: () => REGIONS,
    fill: ({ id, answer }, features, boxes, seed = 0) => {
      const random = new RandomSequence(seed, Number(id));
      for (let i = 0; i < features.length; i++) features[i] = 0.3 * random.next();
      features[answer] += 1;
      boxes.set(Array.from({ length: REGIONS }, () => [0, 0, 1, 1]).flat());
    },
  },
  examples: (_domain, split) => examples(split === "train" ? 64 : 30, split === "train" ? 0 : 1000),
  describe: () => "four answers",
};

function examples(count: number, first: number): Example[] {
  return Array.from({ length: count }, (_, i) => {
    const word = i % 2 === 0 ? "what" : "which";
    const { clsId, sepId, maskId } = vocabulary;
    return {
      id: String(first + i),
      question: word,
      tokens: [clsId, vocabulary.id(word), sepId, maskId, sepId],
      answerStart: 3,
      answer: (i * 7) % ANSWERS,
      kind: word,
    };
  });
}

// Tensors this small are slower with more threads, most of all where tests run side by side.
setNumThreads(1);

/** A task that is learnt in a few dozen steps and needs no files. */
export const task: Task = {
  dataset,
  train: dataset.examples("a", "train"),
  trainProbe: dataset.examples("a", "train").slice(0, 20),
  validation: dataset.examples("a", "validation"),
  source: dataset.examples("b", "validation"),
  fingerprint: "fixed",
};

/** The same with questions of several lengths. */
export const unevenTask: Task = {
  ...task,
  train: task.train.map((example, n) => {
    const more = Array<number>([0, 0, 2, 6][n % 4]).fill(vocabulary.id("what"));
    const { tokens, answerStart } = example;
    return {
      ...example,
      tokens: [tokens[0], ...more, ...tokens.slice(1)],
      answerStart: answerStart + more.length,
    };
  }),
};

const size = {
  hidden_size: 16,
  num_attention_heads: 2,
  intermediate_size: 32,
  initializer_range: 0.2,
};

const sizes = {
  "vl-bert": { num_hidden_layers: 2, visual_scale_text_init: 1, visual_scale_object_init: 1 },
  lxmert: { l_layers: 1, r_layers: 1, x_layers: 2 },
};

const policy = { hiddenSize: 8, heads: 1, intermediateSize: 16, warmup: 2 };

/** The parts of a recipe that tests vary. */
export interface Variation {
  readonly strategy?: Recipe["strategy"]["name"];
  readonly model?: NonNullable<Recipe["model"]["type"]>;
  readonly train?: object;
  readonly dropout?: number;
  readonly more?: object;
}

export function tinyRecipe(variation: Variation = {}): Recipe {
  const { strategy = "standard", model = "vl-bert", train = {}, ...rest } = variation;
  const { dropout = 0.1, more = {} } = rest;
  const probabilities = { hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout };
  return resolveRecipe({
    name: "tiny",
    threads: 1,
    model: { type: model, config: { ...size, ...sizes[model], ...probabilities } },
    strategy: strategy === "SpotTune_Block" ? { name: strategy, policy } : { name: strategy },
    train: { steps: 40, batchSize: 16, warmup: 4, optimizer: { lr: 3e-3 }, ...train },
    evaluation: { every: 10, batchSize: 8 },
    ...more,
  });
}

/** Strategies whose whole steps are recorded in tests. */
export const STATIC_STRATEGIES = ["standard", "SpotTune_Block", "SpotTune", "BlockDrop"] as const;
type StaticStrategy = (typeof STATIC_STRATEGIES)[number];

/** A warm-up, an annealed temperature, dropout, and a budget for all inputs of the training. */
export function staticVariation(
  strategy: StaticStrategy,
  execution: string,
  more: Variation = {},
): Variation {
  const policy = { hiddenSize: 8, heads: 1, intermediateSize: 16, warmup: 2 };
  const alternative = strategy === "BlockDrop" ? "keep" : "tuned";
  const budget = { alternative, target: 1, scope: "global" };
  const gate = { temperature: { start: 5, end: 1 } };
  return {
    train: { steps: 12, batchSize: 16, lengthWindow: 4, warmup: 4 },
    ...more,
    more: {
      execution,
      strategy:
        strategy === "standard" ? { name: strategy } : { name: strategy, policy, gate, budget },
    },
  };
}

export function tinyModel(recipe: Recipe): TrainedModel {
  return adaptModel(newModel(recipe, task.dataset), recipe);
}

/** The state's tensors are the trainer's own: copies stay as they were. */
export function copiedState(state: TrainerState): TrainerState {
  const { model, policy, usage, rng, deviceRng } = state;
  const copy = ({ optimizer, scheduler }: typeof model) => ({
    optimizer: {
      groups: structuredClone(optimizer.groups),
      tensors: clones(optimizer.tensors),
    },
    scheduler: structuredClone(scheduler),
  });
  return {
    ...state,
    model: copy(model),
    policy: policy && copy(policy),
    usage: usage && clones(usage),
    rng: rng.clone(),
    deviceRng: deviceRng?.clone() ?? null,
  };
}

function clones(tensors: Readonly<Record<string, Tensor>>) {
  const copies = Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]);
  return Object.fromEntries(copies) as Record<string, Tensor>;
}

/** All weights, as numbers to compare. */
export function weightsOf(model: TrainedModel): Record<string, readonly number[]> {
  const state = Object.entries(model.stateDict());
  return Object.fromEntries(state.map(([name, weight]) => [name, numbers(weight)]));
}

export function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.detach().toTypedArray(), Number);
}

/** An empty folder, removed when the test ends. */
export function emptyFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-train-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The records of a file with one JSON value a line. */
export function readLines<T>(file: string): T[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** The same values, remembering which were read. */
export function recording<T extends object>(values: T, path: string, read: Set<string>): T {
  return new Proxy(values, {
    get(target, key) {
      const value = Reflect.get(target, key);
      const name = path + String(key);
      read.add(name);
      const isSection = typeof value === "object" && value !== null && !Array.isArray(value);
      return isSection ? recording(value, `${name}.`, read) : value;
    },
  });
}

/** The dotted keys of all values that are no section. */
export function leaves(values: object, path: string): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? leaves(value, `${path}${key}.`)
      : [path + key],
  );
}
