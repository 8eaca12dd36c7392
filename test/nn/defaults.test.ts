import { join } from "node:path";
import test from "ava";
import * as nn from "../../src/nn";
import { constructorDefaults, defaultsTable, differences } from "../reference/constructor-defaults";

const own = constructorDefaults(join(__dirname, "../../src/nn"));
const table = defaultsTable().nn;

/** What PyTorch's layers take and these do not, or under another name. */
const LEFT_OUT = new Set([
  "device", // these two are FactoryOptions of every module with weights
  "dtype",
  "size_average", // deprecated: `reduction` says it
  "reduce",
  "min_value", // deprecated: `min_val`, `max_val`
  "max_value",
  "return_indices", // forwardWithIndices
  "_weight", // fromPretrained
  "_freeze",
  "Dropout.inplace",
  "Dropout1d.inplace",
  "Dropout2d.inplace",
  "Dropout3d.inplace",
  "AlphaDropout.inplace",
  "FeatureAlphaDropout.inplace",
]);

test("defaults of all layers are PyTorch's, by name", (t) => {
  const found = Object.entries(table).flatMap(([name, expected]) =>
    differences(name, expected, own.get(name), LEFT_OUT),
  );
  t.deepEqual(found, []);
});

test("all of them are exported", (t) => {
  t.deepEqual(
    Object.keys(table).filter((name) => !(name in nn)),
    [],
  );
});

test("a default that differs is found", (t) => {
  const conv = { ...own.get("Conv2d"), stride: 2 };
  const wrong = differences("Conv2d", table.Conv2d, conv, LEFT_OUT);
  t.deepEqual(wrong, ["Conv2d: stride is 2, not 1"]);
  const { padding: _, ...rest } = own.get("Conv2d")!;
  t.deepEqual(differences("Conv2d", table.Conv2d, rest, LEFT_OUT), ["Conv2d has no padding"]);
});
