import { compare, type FinishedComparison } from "./compare";
import type { Recipe } from "./recipe";
import { readRecipe } from "./recipe-file";
import { isAdaptive, type StrategyRecipe } from "./recipe-strategy";
import type { RunOptions } from "./run-recipe";
import { findRecipe } from "./shipped";

/** The recipes of the models to start from. */
const SOURCES = { "vl-bert": "source", lxmert: "lxmert-source" } as const;

export type DemoModel = keyof typeof SOURCES;

const ADAPTATIONS = ["frozen", "standard", "spottune-block"] as const;

/** A model as small and a training as short as can be: seconds, and accuracies without meaning. */
const TINY = {
  both: [
    "threads=1",
    "data.concepts=120",
    "data.imageSize=16",
    "data.grid=2",
    "evaluation.every=10",
    "evaluation.trainExamples=60",
    "train.batchSize=32",
    "train.warmup=2",
  ],
  source: [
    "train.steps=30",
    "model.config.hidden_size=32",
    "model.config.num_attention_heads=2",
    "model.config.intermediate_size=64",
  ],
  "vl-bert": ["model.config.num_hidden_layers=2"],
  lxmert: ["model.config.x_layers=1"],
  adaptation: ["train.steps=20", "data.trainConcepts=null"],
  adaptive: ["strategy.policy.warmup=2", "strategy.policy.hiddenSize=16"],
  layers: ["strategy.blocks=[1]"],
};

export interface DemoOptions extends Omit<RunOptions, "fromOverrides"> {
  readonly tiny?: boolean;
  /** VL-BERT by default. */
  readonly model?: DemoModel;
  /** What the adaptations compute in; their recipes' own, float32, by default. */
  readonly precision?: Recipe["train"]["precision"];
  /** Which strategies are compared, by their own names or by those of their recipes. */
  readonly strategies?: readonly string[];
}

/**
 * The main job: trains VL-BERT, or LXMERT, on Noto, then adapts it to OpenMoji frozen, finetuned, and with
 * SpotTune_Block, or with other strategies. The recipes are those in recipes/; `tiny` makes
 * everything smaller.
 */
export function runDemo(options: DemoOptions = {}): Promise<FinishedComparison> {
  const { tiny = false, model = "vl-bert", strategies = ADAPTATIONS, precision, ...rest } = options;
  const own = [
    `model.from=${findRecipe(SOURCES[model])}`,
    ...(precision ? [`train.precision=${precision}`] : []),
  ];
  const recipes = [...new Set(strategies.map(recipeOf))].map((name) => {
    const file = findRecipe(name);
    return readRecipe(file, [...own, ...(tiny ? tinyOverrides(readRecipe(file).strategy) : [])]);
  });
  const fromOverrides = tiny ? [...TINY.both, ...TINY.source, ...TINY[model]] : [];
  return compare("demo", recipes, { ...rest, fromOverrides });
}

/** The recipe of a strategy: `spottune-block` for SpotTune_Block. */
function recipeOf(strategy: string): string {
  return strategy.toLowerCase().replaceAll("_", "-");
}

function tinyOverrides(strategy: StrategyRecipe): string[] {
  return [
    ...TINY.both,
    ...TINY.adaptation,
    ...(isAdaptive(strategy) ? TINY.adaptive : []),
    ...(strategy.name === "layers" ? TINY.layers : []),
  ];
}
