import { existsSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type PretrainedReport, reportLine } from "../models";
import * as torch from "../torch";
import { checkFits, newModel, type QuestionAnswering, readModel } from "./base-model";
import { describeDevice, deviceOf } from "./device";
import { describeEnvironment } from "./environment";
import { explaining, Failure } from "./failure";
import { withFeatures } from "./features";
import { cacheFolder, partialName } from "./files";
import { whileLocked } from "./lock";
import { adaptModel } from "./model";
import type { Recipe } from "./recipe";
import { fingerprintOf } from "./recipe-differences";
import { readRecipe } from "./recipe-file";
import { isAdaptive } from "./recipe-strategy";
import { cudaRecorder } from "./recorder";
import { newRunPath, RunFolder } from "./run-folder";
import { openTask, type Task } from "./task";
import { type RunResult, train } from "./train";
import { openTrained } from "./trained";
import { type Watch, within } from "./watch";

export interface RunOptions {
  /** Folder in which the run gets its own; `runs` by default. */
  readonly runs?: string;
  /** The run's own folder, in place of a new one in `runs`. */
  readonly folder?: string;
  /** Folder of rendered drawings and trained source models; the default follows XDG. */
  readonly cache?: string;
  /** `key=value` pairs for the recipe that `model.from` names. */
  readonly fromOverrides?: readonly string[];
  readonly watch?: Watch;
  /** A torch device in place of what the recipe's `device` means. */
  readonly device?: torch.Device;
}

export interface FinishedRun {
  readonly folder: RunFolder;
  readonly result: RunResult;
}

/** What a run needs beside its recipe; the model stays as it is. */
export interface Material {
  readonly task: Task;
  readonly base: QuestionAnswering;
}

/** Does what a recipe says: opens its data and its pretrained model, trains, measures, writes. */
export async function runRecipe(recipe: Recipe, options: RunOptions = {}): Promise<FinishedRun> {
  const own = { ...options, device: options.device ?? deviceOf(recipe) };
  if (recipe.train.graph) cudaRecorder(own.device); // says before all work where there are no graphs
  refuseCircle(recipe, own);
  const task = await openData(recipe, own);
  const base = await openModel(recipe, task, own);
  return runOn({ task, base }, recipe, own);
}

/** The same on what is open already. */
export async function runOn(
  { task, base }: Material,
  recipe: Recipe,
  options: RunOptions = {},
): Promise<FinishedRun> {
  const hints = {
    where: "the recipe's strategy",
    next: "see `adaptune recipe` for what it takes",
  };
  const device = options.device ?? deviceOf(recipe);
  options.watch?.note?.(`${recipe.name} computes on ${describeDevice(device)}`);
  const model = explaining(hints, () => adaptModel(base, recipe)).to(device);
  const path = options.folder ?? newRunPath(options.runs ?? "runs", recipe.name);
  const environment = describeEnvironment(recipe.train.precision, device);
  const folder = RunFolder.create(path, recipe, environment);
  const result = await whileLocked(folder.file("lock"), () =>
    withFeatures({ task, recipe, device }, (placed) =>
      train({ recipe, task: placed, model, folder }, options.watch),
    ),
  );
  return { folder, result };
}

/** Opens a recipe's data, telling how the drawings come along, with as many threads as it says. */
export function openData(recipe: Recipe, { cache, watch }: RunOptions): Promise<Task> {
  if (recipe.threads > 0) torch.setNumThreads(recipe.threads);
  return openTask(recipe, {
    ...(cache !== undefined && { cache }),
    onProgress: (done, total) =>
      watch?.progress?.({ phase: "rendering drawings", done, total, unit: "drawings" }),
    onNote: (note) => watch?.note?.(note),
  });
}

/** The model that a recipe starts from: new, read, or trained first by a recipe of its own. */
export async function openModel(
  recipe: Recipe,
  task: Task,
  options: RunOptions,
): Promise<QuestionAnswering> {
  const { from, type } = recipe.model;
  if (from === null) return newModel(recipe, task.dataset);
  const { folder, recipe: trainedBy } = await pretrained(from, options);
  const hints = { where: "the recipe's model.from", next: "name a model, a run or a recipe" };
  const report = (counts: PretrainedReport) =>
    options.watch?.note?.(`${from}: ${reportLine(counts)}`);
  const model = explaining(hints, () =>
    // Updates beside the weights are added to them; all else is a pretrained model as it is.
    trainedBy?.strategy.name === "LoRA"
      ? openTrained(folder, trainedBy).merge()
      : readModel(folder, type, { report }),
  );
  checkFits(model, task.dataset, from);
  return model;
}

interface Pretrained {
  readonly folder: string;
  /** What trained it; null for a model from elsewhere. */
  readonly recipe: Recipe | null;
}

/** Throws where a recipe's model comes from a recipe whose model, in the end, comes from itself. */
export function refuseCircle({ model }: Pick<Recipe, "model">, options: RunOptions = {}): void {
  const passed: string[] = [];
  for (let { from } = model; from !== null && isRecipe(from) && existsSync(from); ) {
    const file = realpathSync(from);
    passed.push(file);
    if (passed.indexOf(file) < passed.length - 1) {
      throw new Failure("the model of a recipe comes from itself: nothing ever trains it", {
        where: passed.slice(passed.indexOf(file)).join(" -> "),
        next: "name another model.from in one of these, or none, to train one from scratch",
      });
    }
    from = readRecipe(from, options.fromOverrides ?? []).model.from;
  }
}

function isRecipe(from: string): boolean {
  return /\.ya?ml$/.test(from);
}

async function pretrained(from: string, options: RunOptions): Promise<Pretrained> {
  if (isRecipe(from)) {
    const recipe = readRecipe(from, options.fromOverrides ?? []);
    refuseAdaptive(isAdaptive(recipe.strategy), from);
    return { folder: await trainedOnce(recipe, options), recipe };
  }
  refuseAdaptive(existsSync(join(from, "adaptive.json")), from);
  if (!RunFolder.isOne(from)) return { folder: from, recipe: null };
  const run = RunFolder.open(from);
  const recipe = run.recipe();
  refuseAdaptive(isAdaptive(recipe.strategy), from);
  return { folder: run.checkpoint("best"), recipe };
}

function refuseAdaptive(isIt: boolean, from: string): void {
  if (!isIt) return;
  throw new Failure("an adaptive model is two in one, to start from neither", {
    where: from,
    next: "make a plain one of its run: `adaptune export RUN FOLDER --merge majority`",
  });
}

/** The best checkpoint of a recipe, from the cache or, at the first time, trained into it. */
async function trainedOnce(recipe: Recipe, options: RunOptions): Promise<string> {
  const { cache = cacheFolder() } = options;
  const watch = within(options.watch ?? {}, recipe.name);
  const task = await openData(recipe, { ...options, watch });
  const key = fingerprintOf(recipe, task.fingerprint);
  const folder = join(cache, "models", `${recipe.name}-${key}`);
  const best = join(folder, "checkpoints", "best");
  if (existsSync(best)) {
    watch.note?.(`trained before, read from ${folder}`);
    return best;
  }
  const partial = partialName(folder);
  try {
    await runRecipe(recipe, { ...options, watch, folder: partial });
    // Another process may have been faster; its model is the same.
    if (!existsSync(best)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return best;
}
