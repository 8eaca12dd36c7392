import test from "ava";
import { casesOf, labelOf } from "../../bench/suites";

test("every case has a name of its own, by which it can be chosen", (t) => {
  for (const suite of ["cpu", "cuda", "quick"]) {
    const labels = casesOf(suite).map(labelOf);
    t.is(new Set(labels).size, labels.length, suite);
    t.true(labels.includes("VL-BERT SpotTune_Block train float32 f=0.50"), suite);
  }
  t.throws(() => casesOf("tpu"), { message: /no suite "tpu"/ });
});

test("the full suite has every strategy at every usage, in both phases and precisions", (t) => {
  const labels = casesOf("cpu").map(labelOf);
  for (const strategy of ["SpotTune_Block", "SpotTune", "SpotTune_Res"]) {
    for (const f of ["0.25", "0.50", "0.75"]) {
      for (const run of ["train float32", "train bfloat16", "eval float32", "eval bfloat16"]) {
        t.true(labels.includes(`VL-BERT ${strategy} ${run} f=${f}`), `${strategy} ${run} ${f}`);
      }
    }
  }
  const kept = labels.filter((label) => /^VL-BERT BlockDrop train float32/.test(label));
  t.deepEqual(
    kept.map((label) => label.slice(-4)),
    ["0.33", "0.50", "0.75"],
  );
  for (const workload of ["VL-BERT-natural", "LXMERT", "VL-BERT-one"]) {
    t.true(labels.some((label) => label.startsWith(`${workload} standard eval`)));
  }
});

test("the quick suite is a part of the full one", (t) => {
  const full = new Set(casesOf("cpu").map(labelOf));
  const quick = casesOf("quick").map(labelOf);
  t.true(quick.length > 0 && quick.length < full.size / 3);
  t.true(quick.every((label) => full.has(label)));
});

test("on CUDA training is measured by recorded steps as well", (t) => {
  const labels = casesOf("cuda").map(labelOf);
  const recorded = labels.filter((label) => label.endsWith(" graph"));
  t.true(recorded.includes("LXMERT SpotTune_Block train bfloat16 f=0.50 graph"));
  t.true(recorded.includes("VL-BERT standard train float32 graph"));
  t.true(recorded.every((label) => labels.includes(label.slice(0, -6)) && / train /.test(label)));
  t.deepEqual(
    casesOf("cpu").map(labelOf),
    labels.filter((label) => !recorded.includes(label)),
  );
});
