import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import { figure } from "../../src/report/figure";
import { renderReport, writeReport } from "../../src/report/report";
import { axis } from "../../src/report/scatter";
import { element, label } from "../../src/report/svg";
import { result, sample } from "./sample";

const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, t]) => t);

test("the figure names every strategy and shows every number of the heat map", (t) => {
  const shown = texts(figure(sample));
  for (const name of ["not adapted", "frozen", "standard", "SpotTune_Block"]) {
    t.true(shown.includes(name), name);
  }
  t.is(shown.filter((text) => /^block \d$/.test(text)).length, 4);
  t.true(shown.includes("75"));
});

test("points lie right and high in the order of their accuracies", (t) => {
  const circles = [...figure(sample).matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)];
  const [, frozen, standard, spotTune] = circles.map(([, x, y]) => ({ x: +x, y: +y }));
  t.true(standard.x < spotTune.x && spotTune.x < frozen.x);
  t.true(standard.y < spotTune.y && spotTune.y < frozen.y);
});

test("names of points that lie together do not overlap", (t) => {
  const near = (["frozen", "standard"] as const).map((name) => result(name, [0.5, 0.45, 0.5]));
  const svg = figure({ ...sample, before: undefined, results: near });
  const [a, b] = [...svg.matchAll(/<text x="[\d.]+" y="([\d.]+)"[^>]*>(?:frozen|standard)</g)];
  t.true(Math.abs(Number(a[1]) - Number(b[1])) >= 15);
});

test("axes hold all values, whatever they are, with a few round marks", (t) => {
  for (const values of [
    [40, 60],
    [50, 50],
    [0, 100],
    [33.3, 33.4, 41],
  ]) {
    const { low, high, ticks } = axis(values);
    t.true(low < Math.min(...values) && high > Math.max(...values));
    t.true(ticks.length >= 2 && ticks.length <= 7);
    t.true(ticks.every((tick) => tick >= low && tick <= high));
  }
});

test("text and attributes are escaped", (t) => {
  t.is(label(1, 2, "a < b & c"), '<text x="1" y="2">a &lt; b &amp; c</text>');
  t.is(element("g", { title: '"x"', r: 1 / 3 }), '<g title="&quot;x&quot;" r="0.33"/>');
});

test("a report is text, a drawing and a picture, in the run's folder", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-report-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await writeReport(folder, sample);
  t.is(readFileSync(join(folder, "report.txt"), "utf8"), `${renderReport(sample)}\n`);
  t.regex(readFileSync(join(folder, "figure.svg"), "utf8"), /^<svg xmlns=/);
  const { data, info } = await sharp(join(folder, "figure.png"))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  t.true(info.width > 1000);
  t.true(new Set(data).size > 50);
});
