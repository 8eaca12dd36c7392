import { readFileSync } from "node:fs";
import test from "ava";
import { parse } from "yaml";
import { strategies } from "../../src/adaptive";
import { renderReport, resultsOf } from "../../src/report";
import { readRecipe } from "../../src/train/recipe-file";
import { countedAlternative, isAdaptive } from "../../src/train/recipe-strategy";
import { RunFolder } from "../../src/train/run-folder";
import { findRecipe, shippedRecipes } from "../../src/train/shipped";
import { train } from "../../src/train/train";
import { emptyFolder, task, tinyModel, tinyRecipe } from "./support";

const adaptations = shippedRecipes().filter((name) => !name.endsWith("source"));

/** Sites and trained weights of a model of two blocks with two heads each. */
const SITES: Record<string, number> = {
  SpotTune_Block: 2,
  SpotTune_Res: 4,
  SpotTune: 10,
  BlockDrop: 2,
  BlockReplace: 2,
};

const SMALLER: Record<string, object> = {
  "last-k": { k: 1 },
  layers: { blocks: [1] },
  LoRA: { rank: 2 },
};

/** A recipe's strategy as shipped, on a model and a task of a moment. */
function tiny(name: string) {
  const { strategy } = parse(readFileSync(findRecipe(name), "utf8"));
  const isNetwork = strategy.policy?.kind !== "constant";
  const size = isNetwork && { hiddenSize: 8, heads: 1, intermediateSize: 16 };
  const policy = { ...strategy.policy, ...size, warmup: 2 };
  return tinyRecipe({
    model: name.startsWith("lxmert") ? "lxmert" : "vl-bert",
    train: { steps: 6, warmup: 1 },
    more: {
      strategy: {
        ...strategy,
        ...SMALLER[strategy.name],
        ...(strategy.policy && { policy }),
      },
    },
  });
}

test("every strategy has a recipe of its name", (t) => {
  const named = new Map(
    adaptations.map((name) => [name, readRecipe(findRecipe(name)).strategy.name as string]),
  );
  for (const strategy of Object.keys(strategies)) {
    t.is(named.get(strategy.toLowerCase().replaceAll("_", "-")), strategy);
  }
});

for (const name of adaptations) {
  test(`${name} trains, is measured and shown`, async (t) => {
    const recipe = tiny(name);
    const { strategy } = recipe;
    const model = tinyModel(recipe);
    const sites = name.startsWith("lxmert") ? 4 : SITES[strategy.name];
    t.is(model.sites.length, sites ?? 0);
    const folder = RunFolder.create(`${emptyFolder(t)}/run`, recipe, { threads: 1 } as never);
    const { trainable, total } = (await train({ recipe, task, model, folder })).parameters;
    t.true(trainable > 0 && trainable < total === (strategy.name !== "standard"));

    const result = folder.result<Awaited<ReturnType<typeof train>>>();
    const report = renderReport(resultsOf(result));
    t.true(report.includes(strategy.name));
    const { decisions } = result.validation;
    t.is(decisions !== undefined, isAdaptive(strategy));
    if (!decisions || !isAdaptive(strategy)) return;
    const counted: string = countedAlternative(decisions.usage);
    if (strategy.budget) t.is(counted, strategy.budget.alternative);
    else t.is(strategy.gate.estimator.kind, "reinforce");
    t.regex(report, new RegExp(`${counted}, by block`));
  });
}
