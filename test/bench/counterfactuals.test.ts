import { adapt } from "adaptune";
import { Module, Parameter } from "adaptune/nn";
import * as torch from "adaptune/torch";
import test from "ava";
import { armsAt, inTurns } from "../../bench/counterfactuals/arms";
import {
  type CounterfactualRow,
  counterfactualTable,
  trainedRows,
} from "../../bench/counterfactuals/rows";
import { variances } from "../../bench/counterfactuals/variance";
import { makeEncoder, strategyUnderTest } from "../../bench/encoder";

test("arms are exact and the same share in two ways", (t) => {
  t.deepEqual(
    armsAt(0.25).map(({ name, rate }) => [name, rate]),
    [
      ["exact", "exact"],
      ["fixed 0.25", { fixed: 0.25 }],
      ["adaptive 0.25", { adaptive: 0.25 }],
    ],
  );
});

test("turns: all arms in every round, each time another one first, warm rounds uncounted", async (t) => {
  const order: string[] = [];
  const times = await inTurns(["a", "b", "c"], { rounds: 3, warm: 1 }, (arm) => order.push(arm));
  t.is(order.join(""), "abcbcacababc");
  t.deepEqual(
    times.map(({ length }) => length),
    [3, 3, 3],
  );
});

test("variances are relative to exact's, means agree, and adaptive rates lose less", (t) => {
  torch.manualSeed(4);
  const base = makeEncoder({ kind: "bert", width: 16, heads: 2, intermediate: 32, blocks: [3] });
  const policy = new Surer();
  const trained = adapt(base, strategyUnderTest("SpotTune_Block"), { policy });
  torch.noGrad(() => {
    for (const weight of trained.parameterGroups().model) {
      weight.add_(torch.randnLike(weight).mul(0.1));
    }
  });
  const point = {
    trained,
    base,
    inputs: { hidden: torch.randn([BATCH, 5, 16]) },
    loss: ({ hidden }: Readonly<Record<string, torch.Tensor>>) => hidden.sin().sum(),
  };
  const [exact, fixed, adaptive] = variances(point, armsAt(0.25), 300);
  t.is(exact.variance, 1);
  t.true(fixed.variance > 2, `${fixed.variance}`);
  t.true(adaptive.variance > 1 && adaptive.variance < 0.8 * fixed.variance, `${adaptive.variance}`);
  for (const { distance } of [fixed, adaptive]) t.true(distance < 3, `${distance}`);
});

const trained = armsAt(0.5).map((arm, n) => ({
  arm,
  times: [10 - n, 12 - n, 11 - n],
  executed: [1 / (n + 1), 1 / (n + 1)],
  accuracy: [0.4, 0.42],
  tuned: [0.5, 0.6],
  differing: [0.1, 0.2],
  variance: [
    { variance: 1 + n, distance: n },
    { variance: 1 + 2 * n, distance: n },
  ],
}));

test("rows have all figures, the table rounds them", (t) => {
  const rows: CounterfactualRow[] = trainedRows("emoji", "SpotTune", trained);
  t.deepEqual(JSON.parse(JSON.stringify(rows)), rows);
  t.is(rows[1].ratio, 10 / 11);
  const lines = counterfactualTable(rows).split("\n");
  t.is(lines.length, 6);
  t.regex(
    lines[3],
    /emoji +SpotTune +exact +100 +11\.0 +1\.00 +41\.0: 40\.0 42\.0 +55 +15 +1\.00$/,
  );
  t.regex(lines[4], /fixed 0\.5 +50 +10\.0 +0\.91 .* 2\.50 +1\.00$/);
});

const BATCH = 8;

/** Logits of 8 inputs for three blocks, the first undecided, the last all but certain. */
class Surer extends Module {
  readonly logits = new Parameter(
    torch
      .tensor([0, 3, 6].map((apart) => [apart, 0]))
      .to("float32")
      .expand([BATCH, 3, 2])
      .clone(),
  );

  override forward(): torch.Tensor {
    return this.logits;
  }
}
