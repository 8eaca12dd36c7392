import { join } from "node:path";
import test from "ava";
import * as optim from "../../src/optim";
import { constructorDefaults, defaultsTable, differences } from "../reference/constructor-defaults";

const own = constructorDefaults(join(__dirname, "../../src/optim"));
const { optim: optimizers, schedules } = defaultsTable();

/** What says how PyTorch runs an update, not which, and what states are for. */
const LEFT_OUT = new Set([
  "foreach",
  "fused",
  "capturable",
  "differentiable",
  "decoupled_weight_decay", // AdamW
  "last_epoch", // loadStateDict
]);

test("defaults of optimizers and schedules are PyTorch's, by name", (t) => {
  const all = { ...optimizers, ...schedules };
  const found = Object.entries(all).flatMap(([name, expected]) =>
    differences(name, expected, own.get(name), LEFT_OUT),
  );
  t.deepEqual(found, []);
  t.deepEqual(
    Object.keys(all).filter((name) => !(name in optim)),
    [],
  );
});
