import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { runDemo } from "../../src/train/demo";
import { emptyFolder, readLines } from "./support";

interface Line {
  type: string;
  loss: number;
}

test("the demo's smallest form runs from drawings to figures, and the losses fall", async (t) => {
  const folder = emptyFolder(t);
  const cache = join(folder, "cache");
  const { comparison, folder: run } = await runDemo({ tiny: true, cache, runs: folder });
  const strategies = comparison.results.map(({ strategy }) => strategy);
  t.deepEqual(strategies, ["frozen", "standard", "SpotTune_Block"]);
  t.true(existsSync(join(run, "comparison.json")));

  for (const { name, validation, source, train, parameters } of comparison.results) {
    const lines = readLines<Line>(join(run, name, "metrics.jsonl"));
    const losses = lines.filter(({ type }) => type === "step").map(({ loss }) => loss);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / 5;
    t.true(mean(losses.slice(-5)) < mean(losses.slice(0, 5)), `${name}: ${losses}`);
    for (const { accuracy } of [validation, source!, train]) t.true(accuracy > 0 && accuracy <= 1);
    t.true(parameters.trainable > 0 && parameters.trainable < parameters.total * 2);
    t.true(validation.flops.mean > 1e5);
  }
  const [frozen, standard, spotTune] = comparison.results;
  t.true(frozen.parameters.trainable < spotTune.parameters.trainable);
  t.is(standard.parameters.trainable, standard.parameters.total);
  t.is(spotTune.validation.decisions?.sites.length, 2);
  t.true(spotTune.validation.flops.mean > standard.validation.flops.mean);
  t.true(comparison.majority > 0.1 && comparison.majority < 0.9);

  const options = { tiny: true, cache, runs: folder, strategies: ["LoRA", "BlockDrop"] };
  const others = (await runDemo(options)).comparison;
  t.deepEqual(
    others.results.map(({ strategy }) => strategy),
    ["LoRA", "BlockDrop"],
  );
  t.deepEqual(others.before, comparison.before);
  t.throws(() => runDemo({ ...options, strategies: ["BlockDorp"] }), { message: /no such recipe/ });
});
