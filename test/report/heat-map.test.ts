import test from "ava";
import { renderHeatMap } from "../../src/report/heat-map";
import { styleFor } from "../../src/report/terminal";
import { usageOf } from "../../src/report/usage";
import { result } from "./sample";

const usage = usageOf(result("SpotTune_Block", [0.7, 0.5, 0.5], [1, 0.75, 0.25, 0]))!;

test("usage has blocks as rows and kinds of questions as columns, on target and source", (t) => {
  t.deepEqual(usage.rows, ["block 1", "block 2", "block 3", "block 4"]);
  t.deepEqual(
    usage.groups.map(({ name, columns }) => [name, ...columns.map((column) => column.name)]),
    [
      ["openmoji", "group", "yes/no", "all"],
      ["noto", "group", "yes/no", "all"],
    ],
  );
  t.deepEqual(usage.groups[0].columns[0].shares, [0.5, 0.375, 0.125, 0]);
});

test("a static strategy has no usage to show", (t) => {
  t.is(usageOf(result("standard", [0.7, 0.5, 0.5])), null);
});

test("without colours shades and numbers show usage", (t) => {
  const [title, groups, names, first, , , last] = renderHeatMap(usage).split("\n");
  t.regex(title, /^SpotTune_Block/);
  t.deepEqual(groups.trim().split(/\s+/), ["openmoji", "noto"]);
  t.deepEqual(names.trim().split(/\s+/), ["group", "yes/no", "all", "group", "yes/no", "all"]);
  t.is(first, "block 1   ▒▒  50 ██ 100 ██ 100    ▒▒  50 ██ 100 ██ 100");
  t.deepEqual(last.match(/\d+/g), ["4", "0", "0", "0", "0", "0", "0"]);
});

test("with colours darker is more, and all rows stay as long", (t) => {
  const lines = renderHeatMap(usage, styleFor({ isTTY: true }, {})).split("\n");
  t.true(lines[3].includes("\x1b[48;5;19m\x1b[38;5;231m   100 "));
  t.true(lines[6].includes("\x1b[48;5;231m\x1b[38;5;16m"));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is removed are escapes
  const lengths = lines.slice(3).map((line) => line.replace(/\x1b\[[\d;]+m/g, "").length);
  t.is(new Set(lengths).size, 1);
});
