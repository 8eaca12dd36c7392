import type { TestFn } from "ava";
import type { Execution, Inputs } from "../../src/adaptive";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import type { ModelCase, StrategyCase } from "./cases";
import { TablePolicy, zeroAtPadding } from "./contract-support";
import { Masked } from "./masked";
import { BATCH, close, lossOf, rowsOf, sameOutputs, setting } from "./support";

/** What is computed, and that it is what computing everything gives; a part of the contract. */
export function routingContract(test: TestFn, strategy: StrategyCase, model: ModelCase): void {
  const title = (what: string) => `${strategy.name} on ${model.name}: ${what}`;
  const names = strategy.strategy(model).what.map(({ name }) => name);

  test(title("7. what was not picked is not executed"), (t) => {
    const sites = setting(model, strategy).adapted.sites.length;
    const policy = new TablePolicy(BATCH, sites, names.length);
    torch.noGrad(() => policy.table.normal_());
    const { adapted, inputs } = setting(model, strategy, { policy, moved: false });
    const executed = (training: boolean) => {
      adapted.train(training).resetExecuted();
      const choices = adapted.forward(inputs).decisions!.to("int32").toArray() as number[][];
      const counts = adapted.sites.flatMap((_, n) =>
        names.map((_, k) => choices.filter((row) => row[n] === k).length),
      );
      // A site that both directions of a cross-attention share runs twice a forward.
      const runs = adapted.sites.flatMap(({ name }) => names.map(() => model.runs?.(name) ?? 1));
      const rows = adapted.executed.map((row, n) => ({
        withGradient: row.withGradient / runs[n],
        withoutGradient: row.withoutGradient / runs[n],
      }));
      return { counts, rows };
    };
    const evaluation = executed(false);
    t.deepEqual(
      evaluation.rows.map((row) => row.withoutGradient + row.withGradient),
      evaluation.counts,
    );
    const training = executed(true);
    t.deepEqual(
      training.rows.map((row) => row.withGradient),
      training.counts,
    );
    t.deepEqual(
      training.rows.map((row) => row.withoutGradient),
      training.counts.map((count) => BATCH - count),
    );
    t.true(
      training.counts.filter((count) => count > 0).length > adapted.sites.length,
      "a mixed batch",
    );
  });

  test(title("7. an input's FLOPs are those of its own decisions"), (t) => {
    const { adapted, inputs } = setting(model, strategy);
    const decisions = range(BATCH).map((b) =>
      adapted.sites.map((_, n) => (b * b + n * 3 + b * n) % names.length),
    );
    // The first factor of a low-rank update serves neighbouring heads at once.
    const tolerance = strategy.copies ? 1e-9 : 0.1;
    const together = adapted.eval().forward(inputs, { decisions }).flops;
    for (const b of [0, 3, 5]) {
      const alone = adapted.forward(rowsOf(inputs, [b]), { decisions: [decisions[b]] }).flops[0];
      t.true(Math.abs(alone - together[b]) <= tolerance * alone, `${alone} alone, ${together[b]}`);
    }
    if (names.includes("skip")) {
      const all = (k: number) => adapted.sites.map(() => k);
      const none = adapted.forward(inputs, { decisions: all(names.indexOf("skip")) }).flops[0];
      t.true(none < adapted.forward(inputs, { decisions: all(0) }).flops[0]);
    }
  });

  for (const [dtype, tolerance] of [
    ["float64", 1e-9],
    ["float32", 1e-5],
  ] as const) {
    test(title(`7. routed equals masked in ${dtype}`), (t) => {
      const options = { dtype, gate: { temperature: 2 } };
      const { pretrained, adapted, inputs, noise } = setting(model, strategy, options);
      const masked = new Masked(pretrained.clone(), strategy.strategy(model), adapted);
      const key = model.differentiable;
      const run = (forward: (inputs: Inputs) => Record<string, unknown>) => {
        const input = key ? inputs[key]!.detach().clone().requiresGrad_(true) : null;
        const all = forward(key ? { ...inputs, [key]: input } : inputs);
        const outputs = zeroAtPadding(all as Record<string, Tensor>, inputs);
        lossOf(outputs).backward();
        return { outputs, input };
      };
      const routed = run((all) => adapted.train().forward(all, { exponential: noise }));
      const naive = run((all) => masked.forward(all, noise, 2));
      sameOutputs(t, routed.outputs, naive.outputs, tolerance);
      close(t, routed.outputs.gate, naive.outputs.gate, tolerance, "gate");
      if (key) close(t, routed.input!.grad, naive.input!.grad, tolerance, `gradient of ${key}`);
      const expected = new Map(masked.weights());
      for (const [name, parameter] of adapted.namedParameters()) {
        if (!parameter.requiresGrad) t.is(parameter.grad, null, name);
        else {
          t.truthy(expected.get(name)!.grad, `the reference has a gradient of ${name}`);
          close(t, parameter.grad, expected.get(name)!.grad, tolerance, `gradient of ${name}`);
        }
      }
    });
  }

  for (const execution of ["masked", "static"] as const) {
    test(title(`7. ${execution} execution equals routed`), (t) => {
      const key = model.differentiable;
      const run = (execution: Execution) => {
        const { adapted, inputs, noise } = setting(model, strategy, { execution });
        const input = key ? inputs[key]!.detach().clone().requiresGrad_(true) : null;
        const all = key ? { ...inputs, [key]: input } : inputs;
        const trained = adapted.train().forward(all, { exponential: noise });
        lossOf(zeroAtPadding(trained as Record<string, Tensor>, inputs)).backward();
        adapted.eval().resetExecuted();
        const evaluated = torch.noGrad(() => adapted.forward(inputs));
        return { adapted, trained, evaluated, input, inputs };
      };
      const [routed, other] = [run("routed"), run(execution)];
      for (const mode of ["trained", "evaluated"] as const) {
        const [expected, actual] = [routed, other].map((one) =>
          zeroAtPadding(one[mode] as Record<string, Tensor>, one.inputs),
        );
        sameOutputs(t, actual, expected, 1e-9, mode);
        t.deepEqual(actual.decisions.toArray(), expected.decisions.toArray());
      }
      if (key) close(t, other.input!.grad, routed.input!.grad, 1e-9, `gradient of ${key}`);
      const expected = new Map(routed.adapted.namedParameters());
      for (const [name, { grad, requiresGrad }] of other.adapted.namedParameters()) {
        if (!requiresGrad) t.is(grad, null, name);
        close(t, grad, expected.get(name)!.grad, 1e-9, `gradient of ${name}`);
      }
      if (execution === "static") return;
      for (const { site, ...rows } of other.adapted.executed) {
        t.is(rows.withoutGradient, BATCH * (model.runs?.(site) ?? 1), site);
      }
      t.true(other.evaluated.flops[0] > routed.evaluated.flops[0]);
    });
  }
}

function range(length: number): number[] {
  return [...Array(length).keys()];
}
