import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestFn } from "ava";
import { adapt, type Inputs, type Policy, standard } from "../../src/adaptive";
import { Module, Parameter } from "../../src/nn";
import { AdamW } from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import type { ModelCase, StrategyCase } from "./cases";
import { Masked } from "./masked";
import { BATCH, close, distance, hashOf, lossOf, rowsOf, setting } from "./support";

/** The invariants that every strategy keeps on every model; numbered as in the architecture. */
export function adaptiveContract(test: TestFn, strategy: StrategyCase, model: ModelCase): void {
  const title = (what: string) => `${strategy.name} on ${model.name}: ${what}`;
  const names = strategy.strategy(model).what.map(({ name }) => name);
  const indexOf = (name: string) => names.indexOf(name);
  const has = (...wanted: string[]) => wanted.every((name) => names.includes(name));

  if (has("frozen", "tuned")) {
    test(title("1. identical alternatives make decisions irrelevant"), (t) => {
      const twins = [indexOf("frozen"), indexOf("tuned")];
      const outputs = (moved: boolean) => {
        const { adapted, inputs } = setting(model, strategy, { moved });
        const mixed = range(BATCH).map((b) => adapted.sites.map((_, n) => twins[(b >> n) % 2]));
        return [mixed, adapted.sites.map(() => twins[0])].map(
          (decisions) => adapted.forward(inputs, { decisions }).hidden,
        );
      };
      const [mixed, uniform] = outputs(false);
      close(t, mixed, uniform, 1e-12, "output under mixed decisions");
      const [other, pretrained] = outputs(true);
      t.true(distance(other, pretrained) > 1e-3, "alternatives that differ make a difference");
    });
  }

  if (has("frozen")) {
    test(title("2. all frozen is the pretrained model"), (t) => {
      const { pretrained, adapted, inputs } = setting(model, strategy);
      const decisions = adapted.sites.map(() => indexOf("frozen"));
      adapted.train();
      const outputs = adapted.forward(inputs, { decisions });
      close(t, outputs.hidden, pretrained.eval().forward(inputs).hidden, 1e-12, "hidden");
      lossOf(outputs).backward();
      const reached = adapted.namedParameters().filter(([, parameter]) => parameter.grad !== null);
      t.true(reached.every(([name]) => name.startsWith(model.head)));
      t.true(reached.length > 0, "the head learns");
    });
  }

  if (has("tuned")) {
    test(title("3. all tuned is standard finetuning"), (t) => {
      const { pretrained, adapted, inputs } = setting(model, strategy, { moved: false });
      const finetuned = adapt(pretrained, standard()).train();
      const decisions = adapted.sites.map(() => indexOf("tuned"));
      const [a, b] = [adapted.train().forward(inputs, { decisions }), finetuned.forward(inputs)];
      close(t, a.logits, b.logits, 1e-12, "logits");
      lossOf({ hidden: a.hidden, logits: a.logits }).backward();
      lossOf({ hidden: b.hidden, logits: b.logits }).backward();
      const expected = new Map(finetuned.namedParameters());
      for (const [name, { grad, requiresGrad }] of adapted.namedParameters()) {
        if (name.startsWith("policy.") || !requiresGrad) continue;
        close(t, grad, expected.get(name.replace(".tuned.", "."))!.grad, 1e-10, name);
      }
    });
  }

  test(title("4. every decision has a gradient where its alternatives differ"), (t) => {
    const gradient = (moved: boolean) => {
      const sites = setting(model, strategy).adapted.sites.length;
      const policy = new TablePolicy(BATCH, sites, names.length);
      const { adapted, inputs, noise } = setting(model, strategy, { moved, policy });
      const { hidden, logits } = adapted.train().forward(inputs, { exponential: noise });
      lossOf({ hidden, logits }).backward();
      return policy.table.grad!.abs().amax([-1]); // [B,N]
    };
    t.true(gradient(true).min().item() > 1e-8);
    if (!has("skip")) t.true(gradient(false).max().item() < 1e-12, "none where they are the same");
  });

  test(title("5. frozen weights keep their bytes"), (t) => {
    const { pretrained, adapted, inputs } = setting(model, strategy);
    const trained = new Set(
      adapted
        .namedParameters()
        .filter(([, p]) => p.requiresGrad)
        .map(([name]) => name),
    );
    const part = (module: Module, keep: (name: string) => boolean) =>
      hashOf(Object.entries(module.stateDict()).filter(([name]) => keep(name)));
    const hashes = () => [
      hashOf(Object.entries(pretrained.stateDict())),
      part(adapted, (name) => !trained.has(name)),
      part(adapted, (name) => trained.has(name)),
    ];
    const [given, frozen, learning] = hashes();

    const groups = adapted.parameterGroups();
    const optimizer = new AdamW([{ params: groups.model }, { params: groups.policy }], {
      lr: 0.01,
    });
    for (let step = 0; step < 3; step++) {
      torch.scope(() => lossOf(adapted.train().forward(inputs)).backward());
      optimizer.step();
      optimizer.zeroGrad();
    }
    adapted.eval().forward(inputs);
    const [givenAfter, frozenAfter, learningAfter] = hashes();
    t.is(givenAfter, given, "the given model");
    t.is(frozenAfter, frozen, "frozen weights");
    t.not(learningAfter, learning, "what trains has moved");

    const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    torch.save(adapted.stateDict(), join(folder, "model.safetensors"));
    const resumed = setting(model, strategy).adapted;
    resumed.loadStateDict(torch.load(join(folder, "model.safetensors")));
    t.is(
      part(resumed, () => true),
      part(adapted, () => true),
      "saved and loaded",
    );
    close(t, resumed.eval().forward(inputs).hidden, adapted.forward(inputs).hidden, 0, "resumed");
  });

  test(title("6. evaluation knows the input and nothing else"), (t) => {
    const { adapted, inputs } = setting(model, strategy);
    const seeded = (seed: number) => {
      torch.manualSeed(seed);
      return adapted.forward(inputs);
    };
    adapted.train();
    const sampled = range(8).map((seed) => seeded(seed).decisions!.toArray());
    t.true(
      sampled.some((decisions) => String(decisions) !== String(sampled[0])),
      "training draws",
    );

    adapted.eval();
    const [all, again] = [seeded(1), seeded(2)];
    const state = torch.getRngState().toTypedArray();
    t.deepEqual(again.logits.toTypedArray(), all.logits.toTypedArray(), "to the bit at any seed");
    for (const rows of [[5, 2, 0], [3], [1, 1, 4, 2]]) {
      const some = adapted.forward(rowsOf(inputs, rows));
      const index = torch.tensor(rows, { dtype: "int64" });
      t.deepEqual(some.decisions!.toArray(), all.decisions!.indexSelect(0, index).toArray());
      close(t, some.logits, all.logits.indexSelect(0, index), 1e-12, `rows ${rows}`);
    }
    t.deepEqual(torch.getRngState().toTypedArray(), state, "evaluation draws nothing");
  });

  test(title("7. what was not picked is not executed"), (t) => {
    const { adapted, inputs } = setting(model, strategy);
    const executed = (training: boolean) => {
      adapted.train(training).resetExecuted();
      const choices = adapted.forward(inputs).decisions!.to("int32").toArray() as number[][];
      const counts = adapted.sites.flatMap((_, n) =>
        names.map((_, k) => choices.filter((row) => row[n] === k).length),
      );
      return { counts, rows: adapted.executed };
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

  for (const [dtype, tolerance] of [
    ["float64", 1e-9],
    ["float32", 1e-5],
  ] as const) {
    test(title(`7. routed equals masked in ${dtype}`), (t) => {
      const options = { dtype, gate: { temperature: 2 } };
      const { pretrained, adapted, inputs, noise } = setting(model, strategy, options);
      const masked = new Masked(pretrained.clone(), adapted);
      const given = inputs[model.differentiable]!;
      const run = (forward: (inputs: Inputs) => Record<string, unknown>) => {
        const input = given.detach().clone().requiresGrad_(true);
        const outputs = forward({ ...inputs, [model.differentiable]: input });
        lossOf(outputs).backward();
        return { outputs: outputs as Record<string, Tensor>, input: input.grad };
      };
      const routed = run((all) => adapted.train().forward(all, { exponential: noise }));
      const naive = run((all) => masked.forward(all, noise, 2));
      for (const name of ["hidden", "logits", "gate"]) {
        close(t, routed.outputs[name], naive.outputs[name], tolerance, name);
      }
      close(t, routed.input, naive.input, tolerance, `gradient of ${model.differentiable}`);
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

  test(title("8. micro-batches equal one batch"), (t) => {
    const accumulated = (size: number) => {
      const { adapted, inputs, noise } = setting(model, strategy);
      for (let first = 0; first < BATCH; first += size) {
        const rows = range(size).map((row) => first + row);
        const exponential = noise.narrow(0, first, size);
        lossOf(adapted.train().forward(rowsOf(inputs, rows), { exponential })).backward();
      }
      return adapted.namedParameters().filter(([, parameter]) => parameter.requiresGrad);
    };
    const whole = new Map(accumulated(BATCH));
    for (const [name, { grad }] of accumulated(2))
      close(t, grad, whole.get(name)!.grad, 1e-10, name);
  });
}

/** Logits [B,N,K] that are parameters themselves. */
class TablePolicy extends Module implements Policy {
  readonly table: Parameter;

  constructor(batch: number, sites: number, alternatives: number) {
    super();
    this.table = new Parameter(torch.zeros([batch, sites, alternatives]));
  }

  override forward(): Tensor {
    return this.table;
  }
}

function range(length: number): number[] {
  return [...Array(length).keys()];
}
