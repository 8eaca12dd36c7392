import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { readMade } from "../../src/train/checkpoint";
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
      t.is(readLines(join(cut, "metrics.jsonl")).length, 9 + 3);
      assertSame(t, whole, cut);

      const done = await train(cut);
      t.regex(done.stderr, /the run came to its end/);
      interrupt(cut, "step-000006");
      const other = await train(cut, "seed=1");
      t.regex(
        other.stderr,
        /trained by another recipe so far:\n {2}seed: was 0, is 1\n.*--branch-from/s,
      );

      const branched = await train("--branch-from", cut, "--runs", join(folder, "branches"));
      t.is(branched.code, 0, branched.stderr);
      t.regex(branched.stdout, /a branch of .*cut after step 6, with nothing changed/);
      const branch = branched.stdout.trimEnd().split("\n").at(-1)!;
      assertSame(t, whole, branch);
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

test.serial(
  "a run does not go on by an edited recipe, on other data, or beside its settings",
  async (t) => {
    const folder = emptyFolder(t);
    const recipe = join(folder, "small.yaml");
    writeFileSync(recipe, RECIPE);
    const train = (...args: string[]) => within(["train", ...args, "--runs", join(folder, "runs")]);
    const run = lastLine((await train(recipe)).stdout);
    interrupt(run, "step-000006");
    const own = text(run, "recipe.yaml");
    const edit = (from: RegExp, to: string) => {
      t.regex(own, from);
      writeFileSync(join(run, "recipe.yaml"), own.replace(from, to));
    };
    const metrics = text(run, "metrics.jsonl");

    edit(/lr: 0.0005/, "lr: 0.01");
    for (const command of [
      ["train", run],
      ["eval", run],
      ["export", run, join(folder, "model")],
    ]) {
      const { code, stderr } = await within(command);
      t.is(code, 1);
      t.regex(
        stderr,
        /by another recipe so far:\n {2}train\.optimizer\.lr: was 0\.0005, is 0\.01\n/,
      );
      t.regex(
        stderr,
        /where: .*recipe\.yaml\n {2}next: .*--branch-from RUN train\.optimizer\.lr=0\.01/,
      );
    }
    edit(/domain: noto/, "domain: twemoji");
    t.regex((await train(run)).stderr, /data\.domain: was "noto", is "twemoji"/);
    edit(/name: small/, "name: renamed");
    const made = readMade(join(run, "checkpoints", "last"))!;
    t.is(made.step, 6);
    const state = join(run, "checkpoints", "last", "state.safetensors");
    const bytes = readFileSync(state);
    writeFileSync(state, bytes.toString("latin1").replace(made.data, "0".repeat(16)), "latin1");
    t.regex((await train(run)).stderr, /the data are not those.* fingerprint was 0{16}, is /);
    writeFileSync(state, bytes);
    t.is(text(run, "metrics.jsonl"), metrics);

    // What computes and what is kept may change.
    const { code, stderr } = await train(run, "threads=2", "checkpoint.every=0");
    t.is(code, 0, stderr);
    t.is(JSON.parse(text(run, "result.json")).name, "renamed");
  },
);

test.serial(
  "a branch has more steps, or other settings, and says from where and what",
  async (t) => {
    const folder = emptyFolder(t);
    const recipe = join(folder, "small.yaml");
    writeFileSync(recipe, `${RECIPE}strategy: ${STRATEGIES["straight-through"]}\n`);
    const runs = ["--runs", join(folder, "runs")];
    const train = (...args: string[]) => within(["train", ...args, ...runs]);
    const warm = ["train.warmup=5", "strategy.policy.warmup=5", "checkpoint.every=1"];
    const whole = lastLine((await train(recipe, ...warm)).stdout);
    const short = lastLine((await train(recipe, ...warm, "train.steps=5")).stdout);

    // Until the warm-up ends, rates do not depend on how many steps there will be.
    const { code, stdout, stderr } = await train("--branch-from", short, "train.steps=9");
    t.is(code, 0, stderr);
    t.regex(
      stdout,
      /after step 5, as a run of these settings from its start:\n +train\.steps: was 5, is 9/,
    );
    const longer = lastLine(stdout);
    for (const file of ["model.safetensors", "usage.safetensors"]) {
      const at = (run: string) => readFileSync(join(run, "checkpoints", "last", file));
      t.true(at(whole).equals(at(longer)), file);
    }
    const branch = JSON.parse(text(longer, "branch.json"));
    t.deepEqual([branch.parent, branch.step, branch.asFromTheStart], [short, 5, true]);
    t.deepEqual(branch.differences, [{ key: "train.steps", was: 5, now: 9 }]);
    t.regex(branch.fingerprint, /^[\da-f]{16}$/);
    t.is((await within(["eval", longer])).code, 0);

    const others = [
      "train.steps=11",
      "train.optimizer.lr=0.01",
      "train.batchSize=8",
      "seed=3",
      "data.domain=twemoji",
    ];
    const other = await train("--branch-from", short, ...others);
    t.is(other.code, 0, other.stderr);
    t.regex(
      other.stdout,
      /unlike a run of these settings from its start, whose first 5 steps would differ/,
    );
    const steps = readLines<{ type: string; step: number; lr: number; epoch: number }>(
      join(lastLine(other.stdout), "metrics.jsonl"),
    ).filter(({ type }) => type === "step");
    t.deepEqual([steps[0].step, steps.length, steps[0].lr], [6, 6, 0.01]);
    t.true(steps[0].epoch > 0);

    // A branch that is interrupted at its start goes on as the branch that it is.
    const again = lastLine(other.stdout);
    for (const file of ["result.json", "metrics.jsonl"]) rmSync(join(again, file));
    pointLink(join(again, "checkpoints", "last"), "step-000005");
    cpSync(join(short, "checkpoints", "step-000005"), join(again, "checkpoints", "step-000005"), {
      recursive: true,
    });
    t.is((await train(again)).code, 0);
    t.is(readLines(join(again, "metrics.jsonl")).length, 6 + 2);

    const refused = async (message: RegExp, ...args: string[]) => {
      const { code, stderr } = await train("--branch-from", short, ...args);
      t.is(code, 1);
      t.regex(stderr, message);
    };
    await refused(/the checkpoint has 5 steps, and train\.steps is 5\n.*train\.steps=10/s);
    await refused(
      /made already.*\n {2}strategy\.policy\.hiddenSize: was 16, is 32/,
      "strategy.policy.hiddenSize=32",
      "train.steps=9",
    );
    await refused(
      /made already.*\n {2}model\.config\.hidden_size/,
      "model.config.hidden_size=32",
      "train.steps=9",
    );
    await refused(/train\.stepps: no such key/, "train.stepps=9");
    await refused(/does not fit the data/, "data.imageSize=16", "train.steps=9");
    t.regex((await train()).stderr, /there is no recipe to follow/);
    t.regex((await train(recipe, "--checkpoint", "best")).stderr, /says where a branch starts/);
  },
);

/** Two runs that trained, measured and wrote the same, to the bit. */
function assertSame(t: ExecutionContext, whole: string, other: string): void {
  for (const file of FILES) t.is(text(whole, file), text(other, file), file);
  for (const file of CHECKPOINT) {
    const at = (run: string) => readFileSync(join(run, "checkpoints", "last", file));
    t.true(at(whole).equals(at(other)), file);
  }
  t.is(bestOf(whole), bestOf(other));
  const { seconds: _, ...result } = JSON.parse(text(whole, "result.json"));
  const { seconds: __, ...again } = JSON.parse(text(other, "result.json"));
  t.deepEqual(again, result);
}

function lastLine(stdout: string): string {
  return stdout.trimEnd().split("\n").at(-1)!;
}

/** Makes of a finished run's folder what it was when its training was killed after a checkpoint. */
function interrupt(run: string, checkpoint: string): void {
  for (const file of ["result.json", "mask.json", "report.txt"]) {
    rmSync(join(run, file), { force: true });
  }
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
