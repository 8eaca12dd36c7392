import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { AdaptedModel, type Alternative, adapt, type Execution } from "../../src/adaptive";
import { Module } from "../../src/nn";
import * as torch from "../../src/torch";
import { residualCase, strategies, vlBertCase } from "./cases";
import { BATCH, distance, sameOutputs, setting } from "./support";

const [block] = strategies;
const heads = strategies.find(({ name }) => name === "SpotTune")!;

for (const strategy of [block, heads]) {
  test(`${strategy.name}: masked, every input costs all alternatives of all sites`, (t) => {
    const flops = (execution: Execution, choice: number) => {
      const { adapted, inputs } = setting(vlBertCase, strategy, { execution });
      const decisions = adapted.sites.map(() => choice);
      return [...adapted.eval().forward(inputs, { decisions }).flops];
    };
    const masked = flops("masked", 0);
    t.true(
      masked.every((one) => Math.abs(one - masked[0]) < 1e-9 * one),
      "padding is computed",
    );
    t.deepEqual(flops("masked", 1), masked);
    const routed = [0, 1].flatMap((choice) => flops("routed", choice));
    t.true(masked[0] > Math.max(...routed));
  });

  test(`${strategy.name}: the execution is exported, and another can be read instead`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const options = { dtype: "float32", execution: "masked" } as const;
    const { adapted, inputs } = setting(vlBertCase, strategy, options);
    adapted.export(folder);
    const [same, routed] = [{}, { execution: "routed" } as const].map((options) =>
      AdaptedModel.fromPretrained(folder, options),
    );
    t.is(adapted.origin.execution, "masked");
    t.is(same.origin.execution, "masked");
    t.is(routed.origin.execution, "routed");
    const expected = adapted.eval().forward(inputs);
    sameOutputs(t, same.forward(inputs), expected, 0);
    sameOutputs(t, routed.forward(inputs), expected, 1e-5);
    t.true(routed.forward(inputs).flops[0] < expected.flops[0]);
  });

  test(`${strategy.name}: a masked model merges like a routed one`, (t) => {
    const { adapted, inputs } = setting(vlBertCase, strategy, { execution: "masked" });
    const mask = adapted.sites.map((_, n) => n % 2);
    const expected = adapted.eval().forward(inputs, { decisions: mask });
    sameOutputs(t, adapted.merge(mask).eval().forward(inputs), expected, 1e-12);
  });
}

test("under autocast heads and intermediates compute in its precision, routed as masked", (t) => {
  const logits = (execution: Execution, enabled: boolean) => {
    const { adapted, inputs } = setting(vlBertCase, heads, { dtype: "float32", execution });
    const decisions = adapted.sites.map((_, n) => n % 2);
    const run = () => torch.noGrad(() => adapted.eval().forward(inputs, { decisions }));
    return torch.autocast("cpu", { enabled }, run).logits.float();
  };
  const routed = logits("routed", true);
  t.true(distance(routed, logits("masked", true)) < 1e-2);
  const exact = logits("routed", false);
  t.true(distance(routed, exact) > 1e-5 && distance(routed, exact) < 5e-2);
});

test("files that say nothing of execution are read as routed", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  setting(vlBertCase, block, { dtype: "float32", execution: "masked" }).adapted.export(folder);
  const file = join(folder, "adaptive.json");
  const { execution, ...older } = JSON.parse(readFileSync(file, "utf8"));
  t.is(execution, "masked");
  writeFileSync(file, JSON.stringify(older));
  t.is(AdaptedModel.fromPretrained(folder).origin.execution, "routed");
});

test("an unknown execution is refused", (t) => {
  const make = () =>
    adapt(vlBertCase.make(), "SpotTune_Block", { execution: "quick" as Execution });
  t.throws(make, { message: "execution is routed, masked, static, not quick" });
});

test("what gives no tensor can not be masked", (t) => {
  class Speechless extends Module {
    override forward(): number {
      return 1;
    }
  }
  const silent: Alternative = { name: "silent", keepsNames: false, build: () => new Speechless() };
  const strategy = {
    name: "silent",
    copies: false,
    strategy: () => {
      const plan = block.strategy(residualCase);
      return { ...plan, what: [silent, { ...silent, name: "other" }] };
    },
  };
  const { adapted, inputs } = setting(residualCase, strategy, { execution: "masked" });
  t.throws(() => torch.noGrad(() => adapted.eval().forward(inputs)), {
    message: "a masked site gave number where it has to give tensors",
  });
  t.is(adapted.sites.length * BATCH, 12);
});
