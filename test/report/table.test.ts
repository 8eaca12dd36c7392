import test from "ava";
import { renderTable } from "../../src/report/table";
import { styleFor } from "../../src/report/terminal";

const columns = [
  { title: "name", align: "left" as const },
  { title: "size", unit: "bytes" },
];

test("columns are as wide as their widest cell and aligned", (t) => {
  t.is(
    renderTable(columns, [
      ["a", "1,000,000"],
      ["longer", null],
    ]),
    ["name         size", "            bytes", "─".repeat(17), "a       1,000,000", "longer"].join(
      "\n",
    ),
  );
});

test("a style changes looks, not the layout", (t) => {
  const style = styleFor({ isTTY: true }, {});
  const coloured = renderTable(columns, [["a", "1"]], style);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is removed are escapes
  t.is(coloured.replace(/\x1b\[\d+m/g, ""), renderTable(columns, [["a", "1"]]));
  t.not(coloured, renderTable(columns, [["a", "1"]]));
});

test("what a terminal would obey is written out, and columns are as wide as that", (t) => {
  const [, , rule, row] = renderTable([{ title: "name" }], [["\x1b[31mred\n"]]).split("\n");
  t.is(row, "\\x1b[31mred\\n");
  t.is(rule.length, row.length);
});
