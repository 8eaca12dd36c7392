import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import type { MaskByName } from "../adaptive";
import type { Branch } from "./branch-run";
import { type MadeBy, writeCheckpoint } from "./checkpoint";
import type { Environment } from "./environment";
import { Failure } from "./failure";
import { linkedName, makeWholeFolder, pointLink, writeWhole } from "./files";
import type { TrainedModel } from "./model";
import type { Recipe } from "./recipe";
import { readRecipe } from "./recipe-file";
import type { TrainerState } from "./trainer";

export type CheckpointName = "best" | "last";

/**
 * The folder of one run, which explains itself:
 *
 *     recipe.yaml           resolved: every key with its value
 *     environment.json      versions and machine
 *     metrics.jsonl         a line for every step and evaluation; no clock, so that runs compare
 *     decisions.jsonl       what the policy decided in every evaluation
 *     result.json           the figures of the best checkpoint
 *     mask.json             what most inputs picked at every site, for a policy of kind given
 *     branch.json           the run that this one branched from, and what differs
 *     checkpoints/best      link to the checkpoint with the best validation accuracy
 *     checkpoints/last      link to the newest one
 */
export class RunFolder {
  private constructor(readonly path: string) {}

  /** Makes a run's folder. @throws Failure where there is something in it already. */
  static create(path: string, recipe: Recipe, environment: Environment): RunFolder {
    const folder = new RunFolder(resolve(path));
    if (existsSync(path) && readdirSync(path).length > 0) {
      throw new Failure("there is something in the run's folder already", {
        where: folder.path,
        next: "name another folder, or remove this one",
      });
    }
    mkdirSync(folder.file("checkpoints"), { recursive: true });
    writeWhole(folder.file("recipe.yaml"), stringify(recipe));
    writeWhole(folder.file("environment.json"), json(environment));
    return folder;
  }

  /** Opens the folder of an earlier run. @throws Failure where it is none. */
  static open(path: string): RunFolder {
    if (!RunFolder.isOne(path)) {
      throw new Failure("this is no run's folder: it has no recipe.yaml", {
        where: resolve(path),
        next: "name the folder that `adaptune train` or `adaptune demo` printed",
      });
    }
    return new RunFolder(resolve(path));
  }

  static isOne(path: string): boolean {
    return existsSync(join(path, "recipe.yaml"));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  checkpoint(name: CheckpointName): string {
    return this.file(join("checkpoints", name));
  }

  /** The run's recipe, with values that win over its own. */
  recipe(overrides: readonly string[] = []): Recipe {
    return readRecipe(this.file("recipe.yaml"), overrides);
  }

  environment(): Environment {
    return JSON.parse(readFileSync(this.file("environment.json"), "utf8")) as Environment;
  }

  append(file: "metrics.jsonl" | "decisions.jsonl", record: object): void {
    appendFileSync(this.file(file), `${JSON.stringify(record)}\n`);
  }

  writeResult(result: object): void {
    writeWhole(this.file("result.json"), json(result));
  }

  writeMask(mask: MaskByName): void {
    writeWhole(this.file("mask.json"), json(mask));
  }

  /** What measuring a checkpoint again gave. */
  writeEvaluation(name: CheckpointName, evaluation: object): void {
    writeWhole(this.file(`evaluation-${name}.json`), json(evaluation));
  }

  /** Forgets what was written about later steps, which are to be taken again. */
  rewind(step: number): void {
    for (const name of ["metrics.jsonl", "decisions.jsonl"]) {
      if (!existsSync(this.file(name))) continue;
      const kept = this.lines<{ step: number }>(name).filter((line) => line.step <= step);
      writeWhole(this.file(name), kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    }
  }

  /** The evaluation with the best validation accuracy so far, the first of equal ones. */
  best(): { step: number; accuracy: number } {
    const start = { step: 0, accuracy: -1 };
    if (!existsSync(this.file("metrics.jsonl"))) return start;
    return this.lines<{ type: string; step: number; accuracy: number }>("metrics.jsonl")
      .filter(({ type }) => type === "validation")
      .reduce(
        (best, { step, accuracy }) => (accuracy > best.accuracy ? { step, accuracy } : best),
        start,
      );
  }

  hasResult(): boolean {
    return existsSync(this.file("result.json"));
  }

  /** @throws Failure where the run did not come to its end. */
  result<T>(): T {
    const file = this.file("result.json");
    if (!this.hasResult()) {
      throw new Failure("the run has no result: it did not come to its end", {
        where: file,
        next: "go on with it: `adaptune train` with the run's folder",
      });
    }
    return JSON.parse(readFileSync(file, "utf8")) as T;
  }

  /** Writes a checkpoint, points the names at it, and removes what is not kept. */
  writeCheckpoint(
    model: TrainedModel,
    state: TrainerState,
    {
      names,
      keep,
      by,
    }: {
      readonly names: readonly CheckpointName[];
      readonly keep: number;
      readonly by: MadeBy;
    },
  ): void {
    const name = `step-${String(state.step).padStart(6, "0")}`;
    writeCheckpoint(this.file(join("checkpoints", name)), model, state, by);
    for (const link of names) pointLink(this.checkpoint(link), name);
    this.rotate(keep);
  }

  /** Takes over another run's checkpoint, under one of the names. */
  copyCheckpoint(from: RunFolder, theirs: CheckpointName, own: CheckpointName): void {
    const name = linkedName(from.checkpoint(theirs))!;
    const copy = this.file(join("checkpoints", name));
    if (!existsSync(copy)) {
      makeWholeFolder(copy, (partial) =>
        cpSync(from.checkpoint(theirs), partial, { recursive: true, dereference: true }),
      );
    }
    pointLink(this.checkpoint(own), name);
  }

  /** Where the run branched from another; null where it did not. */
  branch(): Branch | null {
    const file = this.file("branch.json");
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Branch) : null;
  }

  writeBranch(branch: Branch): void {
    writeWhole(this.file("branch.json"), json(branch));
  }

  /** The records of a file, without one that an interruption cut short. */
  private lines<T>(name: string): T[] {
    const lines = readFileSync(this.file(name), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as T);
  }

  private rotate(keep: number): void {
    const named = (["best", "last"] as const).map((link) => linkedName(this.checkpoint(link)));
    const others = readdirSync(this.file("checkpoints"))
      .filter((name) => /^step-\d+$/.test(name) && !named.includes(name))
      .sort();
    for (const name of others.slice(0, Math.max(0, others.length - keep))) {
      rmSync(this.file(join("checkpoints", name)), { recursive: true });
    }
  }
}

/** `<runs>/<name>-<date>-<time>`, numbered where that is taken. */
export function newRunPath(runs: string, name: string, now = new Date()): string {
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  const path = join(runs, `${name}-${stamp}`);
  let free = path;
  for (let number = 2; existsSync(free); number++) free = `${path}-${number}`;
  return free;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
