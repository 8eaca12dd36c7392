import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "ava";
import { plainName } from "../../bench/encoder";
import { Bench } from "../../bench/measure";
import { jsonLine } from "../../bench/rows";
import type { Case, StrategyUnderTest, Workload } from "../../bench/suites";

const size = { width: 16, heads: 2, intermediate: 32 };
const common = { batch: 3, phases: ["train", "eval"] as const };

const tiny: readonly Workload[] = [
  {
    name: "one stream",
    size: { kind: "bert", ...size },
    blocks: { train: [2], eval: [2] },
    tokens: [5],
    lengths: [5, 2, 3],
    ...common,
  },
  {
    name: "two streams",
    size: { kind: "lxmert", ...size },
    blocks: { train: [1, 1, 1], eval: [1, 1, 1] },
    tokens: [4, 3],
    ...common,
  },
];

const runs: Readonly<Record<string, readonly [StrategyUnderTest, StrategyUnderTest]>> = {
  "one stream": ["SpotTune_Res", "BlockDrop"],
  "two streams": ["SpotTune", "standard"],
};

for (const workload of tiny) {
  test(`ours measures ${workload.name} alone, with figures that are finite`, async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "adaptune-bench-"));
    t.teardown(() => fs.rmSync(folder, { recursive: true }));
    const product = { flops: 1e9, by: "nothing" };
    const bench = new Bench({
      device: "cpu",
      keepPacked: false,
      products: "packed",
      threads: 1,
      repetitions: 1,
      peers: [],
      python: null,
      limits: { products: { float32: product, bfloat16: product }, copied: 1e9 },
      folder,
      say: () => {},
    });
    const cases = runs[workload.name].map((strategy, number): Case => {
      const phase = workload.phases[number];
      const f = strategy === "standard" ? null : 0.5;
      return { workload, strategy, dtype: "float32", phase, f };
    });
    for (const measured of cases) {
      const [row, ...others] = await bench.measure(measured);
      t.is(others.length, 0);
      t.regex(row.processor, /\S \(.+\)/, "figures name their processor");
      for (const figure of [row.ours_ms, row.share_of_limit, row.ours_spread]) {
        t.true(Number.isFinite(figure), jsonLine(row));
      }
      t.true(row.ours_ms > 0 && row.share_of_limit > 0);
      if (process.platform === "linux") {
        t.true(Number.isFinite(row.peak_mb_ours));
        t.is(row.activations_mb_ours !== null, row.phase === "train");
      }
      t.deepEqual(
        [row.peer, row.peer_ms, row.ratio, row.gradient_error, row.failed],
        [null, null, null, null, false],
      );
      t.is(row.tokens, workload.name === "one stream" ? 5 : 7);
    }
  });
}

test("weights of an adapted model are found in the plain one", (t) => {
  const names = {
    "encoder.layer.0.tuned.attention.self.query.weight":
      "encoder.layer.0.attention.self.query.weight",
    "encoder.layer.0.feedForward.tuned.output.dense.bias": "encoder.layer.0.output.dense.bias",
    "encoder.x_layers.1.langFeedForward.tuned.lang_inter.dense.bias":
      "encoder.x_layers.1.lang_inter.dense.bias",
    "encoder.layer.0.output.tuned.dense.weight": "encoder.layer.0.output.dense.weight",
    "encoder.layer.0.output.dense.weight": "encoder.layer.0.output.dense.weight",
  };
  for (const [name, plain] of Object.entries(names)) t.is(plainName(name), plain);
});
