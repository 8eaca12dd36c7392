import test from "ava";
import { resultsNotes, resultsOf, resultsTable, resultsTitle } from "../../src/report/results";
import { result, sample } from "./sample";

const cells = (line: string) => line.trim().split(/\s{2,}/);

test("every row has its figures, with units above", (t) => {
  const [titles, units, , ...rows] = resultsTable(sample).split("\n");
  t.deepEqual(cells(titles).slice(0, 5), ["strategy", "train", "validation", "gap", "noto after"]);
  t.deepEqual(cells(units).slice(0, 4), ["%", "%", "points", "%"]);
  t.deepEqual(rows.map(cells), [
    ["majority answer", "35.0"],
    ["not adapted", "40.0", "39.0", "1.0", "60.0", "0", "none", "1", "54.3 M"],
    ["frozen", "50.0", "45.0", "5.0", "55.0", "1,234,567", "none", "1", "65", "54.3 M"],
    ["standard", "80.0", "52.0", "28.0", "48.0", "1,234,567", "all", "1", "65", "54.3 M"],
    [
      "SpotTune_Block",
      "70.0",
      "51.5",
      "18.5",
      "53.0",
      "1,234,567",
      "100 75 25 0",
      "7",
      "65",
      "54.3 M",
    ],
  ]);
});

test("one run alone is a table of one row, without a source where there is none", (t) => {
  const alone = { ...result("standard", [0.8, 0.5, 0]), source: null, sourceDomain: null };
  const lines = resultsTable(resultsOf(alone)).split("\n");
  t.is(lines.length, 4);
  t.false(lines[0].includes("after"));
  t.is(cells(lines[3])[4], "1,234,567");
});

test("notes say what was measured, how far to trust it, and how the policy decides", (t) => {
  const notes = resultsNotes(sample).replace(/\n {2}/g, " ");
  t.regex(notes, /1,644 concepts/);
  t.regex(notes, /6,000 questions, measured on 900/);
  t.regex(notes, /below 3\.3 points may be chance/);
  t.regex(notes, /SpotTune_Block: tuned at 2\.00 ± 0\.50 of 4 sites, 7 unique policies for 900 in/);
  t.regex(notes, /12\.3 % of decisions differ from the majority's and hold 0\.050 bits/);
  t.false(notes.includes("standard:"));
});

test("the title says what was learnt", (t) => {
  t.is(resultsTitle(sample), "Adapting to openmoji, and what is left of noto");
  t.is(resultsTitle({ ...sample, sourceDomain: null }), "Learning openmoji");
});
