import { readdirSync } from "node:fs";
import test from "ava";
import * as torch from "../../src/torch";
import { deviceOf, isHere } from "../../src/train/device";
import { parseRecipe, RecipeError } from "../../src/train/recipe-file";
import { runRecipe } from "../../src/train/run-recipe";
import { emptyFolder } from "./support";

const count = torch.cuda.deviceCount();

test("auto is CUDA's first device where there is one, else the CPU", (t) => {
  t.is(deviceOf({ device: "auto" }), count > 0 ? "cuda:0" : "cpu");
  t.is(deviceOf({ device: "cpu" }), "cpu");
  t.true(isHere("cpu"));
  t.false(isHere(`cuda:${count}`));
});

test("a device that is not there is a failure, before anything is made", async (t) => {
  const folder = emptyFolder(t);
  const recipe = parseRecipe("", { overrides: [`device=cuda:${count}`] });
  const error = await t.throwsAsync(runRecipe(recipe, { cache: folder, runs: folder }), {
    name: "Failure",
    message: /there is no cuda:\d+: LibTorch finds (no|\d+) CUDA devices? here/,
  });
  t.regex((error as unknown as { next: string }).next, /npx adaptune doctor/);
});

test("graphs without CUDA are a failure, before anything is made", async (t) => {
  const folder = emptyFolder(t);
  const recipe = parseRecipe("", { overrides: ["execution=static", "train.graph=true"] });
  const error = await t.throwsAsync(
    runRecipe(recipe, { cache: folder, runs: folder, device: "cpu" }),
    { name: "Failure", message: /graphs are CUDA's, and the model is on cpu/ },
  );
  t.regex((error as unknown as { next: string }).next, /set device to cuda/);
  t.deepEqual(readdirSync(folder), []);
});

test("what is no device is a problem of the recipe", (t) => {
  for (const device of ["gpu", "cuda:", "CPU", "meta"]) {
    const error = t.throws(() => parseRecipe("", { overrides: [`device="${device}"`] }), {
      instanceOf: RecipeError,
    })!;
    t.regex(error.message, /device: auto, cpu, cuda, or cuda:1/);
    t.throws(() => deviceOf({ device }), { message: /is no device: auto, cpu, cuda/ });
  }
});
