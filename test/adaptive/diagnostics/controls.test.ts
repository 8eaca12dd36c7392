import test from "ava";
import {
  DecisionRecord,
  type DecisionsOf,
  decisionLine,
  majorityMask,
  measureControls,
} from "../../../src/adaptive";
import * as torch from "../../../src/torch";

const space = { sites: ["first", "second"], alternatives: ["frozen", "tuned"] };

/** 1,000 inputs in two batches: the first site tuned for a quarter, the second for all others. */
function record(): { record: DecisionRecord; rows: number[][] } {
  const rows = Array.from({ length: 1000 }, (_, b) => (b % 4 === 0 ? [1, 0] : [0, 1]));
  const record = new DecisionRecord(space);
  for (const [from, to] of [
    [0, 600],
    [600, 1000],
  ]) {
    record.add(torch.tensor(rows.slice(from, to)).long());
  }
  return { record, rows };
}

function usage(rows: number[][]): number[] {
  return [0, 1].map((n) => rows.filter((row) => row[n] === 1).length / rows.length);
}

function all(decisions: DecisionsOf, size: number): number[][] {
  const firsts = Array.from({ length: Math.ceil(1000 / size) }, (_, i) => i * size);
  return firsts.flatMap((first) => decisions(first, Math.min(size, 1000 - first)));
}

test("the majority is one mask for all inputs", (t) => {
  const { majority } = record().record.controls();
  t.deepEqual(majority(998, 2), [
    [0, 1],
    [0, 1],
  ]);
});

test("shuffled decisions are all there, and none is the input's own row", (t) => {
  const distinct = new DecisionRecord({ ...space, sites: ["a", "b", "c"] });
  const rows = [...Array(8).keys()].map((b) => [b >> 2, (b >> 1) & 1, b & 1]);
  distinct.add(torch.tensor(rows).long());
  for (const seed of [0, 1, 2, 3]) {
    const shuffled = distinct.controls(seed).shuffled(0, 8);
    t.deepEqual([...shuffled].sort(), [...rows].sort());
    t.true(shuffled.every((row, b) => String(row) !== String(rows[b])));
  }
});

test("random decisions have the same usage at every site and nothing else in common", (t) => {
  const { random } = record().record.controls(5);
  const drawn = all(random, 100);
  const [first, second] = usage(drawn);
  t.true(Math.abs(first - 0.25) < 0.05 && Math.abs(second - 0.75) < 0.05);
  // Under the policy the two sites never agree.
  const agree = drawn.filter(([a, b]) => a === b).length / 1000;
  t.true(Math.abs(agree - 2 * 0.25 * 0.75) < 0.06);
});

test("controls do not depend on the batch size, and on nothing but the seed", (t) => {
  const [one, again, other] = [1, 1, 2].map((seed) => record().record.controls(seed));
  for (const name of ["majority", "shuffled", "random"] as const) {
    t.deepEqual(all(one[name], 7), all(again[name], 1000));
    if (name !== "majority") t.notDeepEqual(all(one[name], 7), all(other[name], 7));
  }
});

test("all controls are measured, beside what was learnt", async (t) => {
  const { record: made, rows } = record();
  const measured = await measureControls(made, 1, (decisions) => {
    const given = all(decisions, 300);
    return given.filter((row, b) => String(row) === String(rows[b])).length / 1000;
  });
  t.is(measured.learned, 1);
  t.is(measured.majority, 0.75);
  t.true(Math.abs(measured.shuffled - 0.625) < 0.05);
  t.true(Math.abs(measured.random - (0.25 * 0.25 ** 2 + 0.75 * 0.75 ** 2)) < 0.05);
});

const site = (name: string, tuned: number) => ({
  site: name,
  usage: { frozen: 1 - tuned, tuned },
  spread: { frozen: 0.1, tuned: 0.1 },
  mutualInformation: 0.21,
});

test("one line says it all", (t) => {
  const summary = {
    inputs: 1000,
    sites: [site("first", 0.25), site("second", 0.75)],
    usage: { frozen: { mean: 0.5, std: 0.1 }, tuned: { mean: 0.5, std: 0.1 } },
    uniquePolicies: 2,
    mutualInformation: 0.21,
    differFromMajority: 0.25,
    flops: { mean: 1.2e9, std: 1.1e8 },
  };
  const controls = { learned: 0.712, majority: 0.701, shuffled: 0.66, random: 0.658 };
  t.is(
    decisionLine({ ...summary, controls }, "tuned"),
    "tuned at 1.00 ± 0.20 of 2 sites, 2 unique policies for 1,000 inputs, 25.0 % of decisions " +
      "differ from the majority's and hold 0.210 bits about the input, 1.20 ± 0.110 GFLOPs per " +
      "input; accuracy 71.2 %, by majority mask 70.1 %, shuffled 66.0 %, random 65.8 %",
  );
  t.false(decisionLine(summary, "frozen").includes("accuracy"));
  t.throws(() => decisionLine(summary, "skip"), { message: /"skip".*frozen/ });
  t.deepEqual(majorityMask(summary), { first: "frozen", second: "tuned" });
});
