import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { linkedName, pointLink } from "../../src/train/files";
import { emptyFolder, readLines } from "../train/support";
import { within } from "./support";

// Drawings are rendered once for all tests of this file.
process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), "adaptune-cache-"));
test.after.always(() => rmSync(process.env.XDG_CACHE_HOME!, { recursive: true, force: true }));

const RECIPE = `
name: small
threads: 1
data: { concepts: 60, imageSize: 8, grid: 2, augmentation: { shift: 0.1, flip: true } }
model:
  config: { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32 }
train: { steps: 9, batchSize: 16, warmup: 1, microBatches: 2 }
evaluation: { every: 4 }
checkpoint: { every: 3, keep: 9 }
`;

const STRATEGIES = {
  "straight-through": "{ name: SpotTune_Block, policy: { hiddenSize: 16, heads: 1, warmup: 1 } }",
  "REINFORCE with a global budget": `
  name: BlockDrop
  gate: { estimator: { kind: reinforce, explore: 0.3 }, curriculum: { alternative: keep, steps: 9 } }
  policy: { kind: pooled, embeddings: own, warmup: 1 }
  budget: { target: 1, scope: global }
  usageMomentum: 0.8`,
  "decisions by chance": "{ name: SpotTune_Res, tuned: biases, policy: { kind: random } }",
};

/** What a run writes of its training, to the byte. */
const FILES = ["metrics.jsonl", "decisions.jsonl", "mask.json"];
const CHECKPOINT = ["config.json", "model.safetensors", "state.safetensors", "usage.safetensors"];

for (const [name, strategy] of Object.entries(STRATEGIES)) {
  test.serial(
    `${name}: what goes on after an interruption ends as if there had been none`,
    async (t) => {
      const folder = emptyFolder(t);
      const recipe = join(folder, "small.yaml");
      writeFileSync(recipe, `${RECIPE}strategy: ${strategy}\n`);
      const train = (...args: string[]) => within(["train", ...args]);
      const first = await train(recipe, "--runs", join(folder, "runs"));
      t.is(first.code, 0, first.stderr);
      t.regex(first.stdout, /step 4: validation \d+\.\d %; \w+ at \d\.\d\d ± .* MFLOPs per input/);
      t.regex(first.stdout, /accuracy .*by\s+majority\s+mask .*shuffled .*random\s+\d+\.\d\s+%/s);
      const whole = first.stdout.trimEnd().split("\n").at(-1)!;

      const cut = join(folder, "cut");
      cpSync(whole, cut, { recursive: true, verbatimSymlinks: true });
      interrupt(cut, "step-000006");
      const second = await train("--resume", cut);
      t.is(second.code, 0, second.stderr);
      t.regex(second.stdout, /goes on after step 6/);
      for (const file of FILES) t.is(text(whole, file), text(cut, file), file);
      t.is(readLines(join(cut, "metrics.jsonl")).length, 9 + 3);
      for (const file of CHECKPOINT) {
        const at = (run: string) => readFileSync(join(run, "checkpoints", "last", file));
        t.true(at(whole).equals(at(cut)), file);
      }
      t.is(bestOf(whole), bestOf(cut));
      const { seconds: _, ...result } = JSON.parse(text(whole, "result.json"));
      const { seconds: __, ...again } = JSON.parse(text(cut, "result.json"));
      t.deepEqual(again, result);

      const done = await train(cut);
      t.regex(done.stderr, /the run came to its end/);
      interrupt(cut, "step-000006");
      t.regex((await train(cut, "seed=1")).stderr, /goes on by its own recipe, not with seed=1/);
    },
  );
}

test.serial(
  "a run is reported again, and what is measured otherwise than recorded fails",
  async (t) => {
    const folder = emptyFolder(t);
    const recipe = join(folder, "small.yaml");
    writeFileSync(recipe, RECIPE);
    const { stdout } = await within([
      "train",
      recipe,
      "--runs",
      join(folder, "runs"),
      "train.steps=2",
    ]);
    const run = stdout.trimEnd().split("\n").at(-1)!;
    const written = ["report.txt", "figure.svg", "figure.png"];
    const before = written.map((file) => readFileSync(join(run, file)));
    for (const file of written) rmSync(join(run, file));
    const again = await within(["report", run]);
    t.is(again.code, 0, again.stderr);
    t.true(again.stdout.includes(text(run, "report.txt").trimEnd()));
    t.deepEqual(
      written.map((file) => readFileSync(join(run, file))),
      before,
    );

    t.is((await within(["eval", run])).code, 0);
    const result = JSON.parse(text(run, "result.json"));
    result.validation.accuracy += 0.01;
    writeFileSync(join(run, "result.json"), JSON.stringify(result));
    const other = await within(["eval", run]);
    t.regex(other.stdout, /NOT the same as the run recorded/);
    t.is(other.code, 1);
    t.is((await within(["eval", run, "--checkpoint", "last"])).code, 0);

    rmSync(join(run, "result.json"));
    const unfinished = await within(["report", run]);
    t.is(unfinished.code, 1);
    t.regex(unfinished.stderr, /the run has no result.*next: go on with it/s);
  },
);

/** Makes of a finished run's folder what it was when its training was killed after a checkpoint. */
function interrupt(run: string, checkpoint: string): void {
  for (const file of ["result.json", "mask.json", "report.txt"]) rmSync(join(run, file));
  const checkpoints = join(run, "checkpoints");
  for (const later of ["step-000008", "step-000009"]) {
    rmSync(join(checkpoints, later), { recursive: true, force: true });
  }
  pointLink(join(checkpoints, "last"), checkpoint);
  pointLink(join(checkpoints, "best"), "step-000004");
  const file = join(run, "metrics.jsonl");
  writeFileSync(file, `${readFileSync(file, "utf8").trimEnd().slice(0, -5)}`);
}

function text(run: string, file: string): string {
  return readFileSync(join(run, file), "utf8");
}

function bestOf(run: string): string | null {
  return linkedName(join(run, "checkpoints", "best"));
}
