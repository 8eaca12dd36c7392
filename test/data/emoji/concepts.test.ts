import test from "ava";
import { baseConcept, readConcepts, splitOf } from "../../../src/data/emoji/concepts";

const concepts = readConcepts();

test("the counts are those of the annotations", (t) => {
  t.is(concepts.length, 1644);
  t.is(new Set(concepts.map((concept) => concept.group)).size, 8);
  t.is(new Set(concepts.map((concept) => concept.subgroup)).size, 95);
  t.is(new Set(concepts.map((concept) => concept.hexcode)).size, 1644);
  const ofSplit = (split: string) => concepts.filter((c) => c.split === split).length;
  t.deepEqual([ofSplit("train"), ofSplit("validation"), ofSplit("test")], [1151, 165, 328]);
});

test("variants share a base concept", (t) => {
  const bases: Record<string, string[]> = {
    "1F9D1-200D-1F680": ["1F468-200D-1F680", "1F469-1F3FD-200D-1F680", "1F9D1-200D-1F680"],
    "1F3C3": ["1F3C3-200D-2640-FE0F-200D-27A1-FE0F", "1F3C3-1F3FF", "1F3C3"],
    "1F46A": ["1F468-200D-1F469-200D-1F467-200D-1F466", "1F9D1-200D-1F9D2", "1F46A"],
    "1F491": ["1F469-200D-2764-FE0F-200D-1F468", "1F491"],
    "1F48F": ["1F468-200D-2764-FE0F-200D-1F48B-200D-1F468", "1F48F"],
    "1F46B": ["1F9D1-200D-1F91D-200D-1F9D1", "1F46C", "1F46D", "1F46B"],
    "1F9D1": ["1F468", "1F469", "1F9D1"],
    "1F9D3": ["1F474", "1F475", "1F9D3"],
    "1F34E": ["1F34E"],
    "2764-200D-1F525": ["2764-FE0F-200D-1F525"],
  };
  for (const [base, variants] of Object.entries(bases)) {
    for (const variant of variants) t.is(baseConcept(variant), base, variant);
  }
});

test("no base concept is in two splits", (t) => {
  const splits = new Map<string, Set<string>>();
  for (const { base, split } of concepts) {
    splits.set(base, (splits.get(base) ?? new Set()).add(split));
  }
  t.true(splits.size > 1300 && splits.size < concepts.length);
  t.true([...splits.values()].every((of) => of.size === 1));
});

test("a split depends on the base concept alone", (t) => {
  t.is(splitOf("1F34E"), "train");
  t.is(splitOf("1F431"), "validation");
  t.is(splitOf("0031-20E3"), "test");
});

test("gendered labels of the same activity share a base concept", (t) => {
  const byLabel = new Map(concepts.map((concept) => [concept.label, concept.base]));
  let pairs = 0;
  for (const [label, base] of byLabel) {
    const other = byLabel.get(label.replace(/^man\b/, "woman"));
    if (!/^man\b/.test(label) || other === undefined) continue;
    t.is(base, other, label);
    pairs++;
  }
  t.true(pairs > 60, `${pairs} pairs`);
});

test("terms are lower case, unique, and hold the label", (t) => {
  for (const { label, terms } of concepts) {
    t.true(terms.includes(label));
    t.is(new Set(terms).size, terms.length);
    t.true(terms.every((term) => term === term.toLowerCase() && term.trim() !== ""));
  }
});
