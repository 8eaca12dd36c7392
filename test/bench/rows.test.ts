import test from "ava";
import { type BenchRow, benchTable, isOff, jsonLine } from "../../bench/rows";

const row: BenchRow = {
  processor: "AMD EPYC (family 25, model 17, AVX512)",
  threads: 2,
  products: "chosen",
  workload: "VL-BERT",
  strategy: "SpotTune_Block",
  dtype: "float32",
  batch: 16,
  tokens: 64,
  f: 0.5,
  phase: "train",
  graph: false,
  peer: "eager",
  ours_ms: 311.2,
  peer_ms: 849,
  ratio: 849 / 311.2,
  ours_spread: 0.02,
  peer_spread: 0.031,
  peak_mb_ours: 100,
  peak_mb_peer: 185,
  activations_mb_ours: 60,
  activations_mb_peer: 125,
  gradient_error: 8.6e-7,
  peer_error: 1.1e-6,
  share_of_limit: 0.612,
  repetitions: 10,
  failed: false,
};

test("a line of JSON has all figures of a row", (t) => {
  const line = jsonLine(row);
  t.false(line.includes("\n"));
  t.deepEqual(JSON.parse(line), row);
});

test("a line of the table has them rounded", (t) => {
  const lines = benchTable([row]).split("\n");
  t.is(lines.length, 4);
  t.regex(
    lines[3],
    /VL-BERT +SpotTune_Block +train +float32 +16 x 64 +0\.50 +eager +311 +849 +2\.73/,
  );
  t.regex(lines[3], /2 +3 +100 +185 +60 +125 +8\.6e-7 +61$/);
});

test("a row that is off says so, and a peer that is off too", (t) => {
  t.regex(benchTable([{ ...row, failed: true }]), /FAILED$/);
  t.regex(benchTable([{ ...row, peer_error: 0.1 }]), /peer is off by 1\.0e-1$/);
});

test("a row without a peer has no ratio", (t) => {
  const alone = { ...row, peer: null, peer_ms: null, ratio: null, peer_spread: null };
  const [, , , line] = benchTable([
    {
      ...{ ...alone, gradient_error: null, peer_error: null },
      ...{ peak_mb_ours: null, peak_mb_peer: null },
      ...{ activations_mb_ours: null, activations_mb_peer: null },
    },
  ]).split("\n");
  t.regex(line, /0\.50 +311 +2 +unchecked +61$/);
});

test("what counts as off depends on the precision", (t) => {
  t.false(isOff(9e-6, "float32"));
  t.true(isOff(2e-5, "float32"));
  t.false(isOff(1.5e-2, "bfloat16"));
  t.true(isOff(3e-2, "bfloat16"));
  t.true(isOff(Number.NaN, "bfloat16"));
  t.false(isOff(null, "float32"));
});
