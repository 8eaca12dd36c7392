import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { emptyFolder } from "../train/support";
import { within } from "./support";

// Drawings and source models are made once for all tests of this file.
process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), "adaptune-cache-"));
test.after.always(() => rmSync(process.env.XDG_CACHE_HOME!, { recursive: true, force: true }));

test.serial(
  "an LXMERT is adapted in the ways that were asked for, measured and exported",
  async (t) => {
    const folder = emptyFolder(t);
    const flags = [
      "--tiny",
      "--model",
      "lxmert",
      "--strategies",
      "LoRA, SpotTune_Res,blockdrop-reinforce",
    ];
    const { code, stdout, stderr } = await within(["demo", ...flags, "--runs", folder]);
    t.is(code, 0, stderr);
    for (const row of [/^not adapted /m, /^LoRA /m, /^SpotTune_Res /m, /^BlockDrop /m]) {
      t.regex(stdout, row);
    }
    t.regex(stdout, /spottune-res: step 10: validation .*; tuned at .* of 9 sites/);
    const run = stdout.trimEnd().split("\n").at(-1)!;
    t.true(existsSync(join(run, "figure.png")));

    const adaptive = join(run, "spottune-res");
    const evaluated = await within(["eval", adaptive]);
    t.regex(evaluated.stdout, /tuned at .*by\s+majority\s+mask .*the same as the run recorded/s);
    t.true(existsSync(join(adaptive, "evaluation-best.json")));
    const merged = await within(["export", adaptive, join(folder, "plain"), "--merge", "majority"]);
    t.regex(merged.stdout, /plain\n {2}a plain model: Model\.fromPretrained/);
    const kept = await within(["export", adaptive, join(folder, "adaptive")]);
    t.regex(kept.stdout, /an adaptive model: AdaptedModel\.fromPretrained/);
    const wrong = await within(["export", adaptive, join(folder, "x"), "--merge", "maiority"]);
    t.is(wrong.code, 1);
    t.regex(wrong.stderr, /no alternative is called "maiority".*next: masks are/s);
  },
);

test.serial(
  "a strategy or a model that there is not is refused with those that there are",
  async (t) => {
    const runs = emptyFolder(t);
    const { stderr } = await within([
      "demo",
      "--tiny",
      "--runs",
      runs,
      "--strategies",
      "BlockDorp",
    ]);
    t.regex(stderr, /no such recipe\n {2}where: blockdorp\n {2}next: .*blockdrop/);
  },
);
