import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestFn } from "ava";
import {
  adapt,
  budget,
  confidence,
  diversity,
  exportAdapted,
  loadAdapted,
  standard,
} from "../../src/adaptive";
import { Model } from "../../src/models";
import { Module } from "../../src/nn";
import { AdamW } from "../../src/optim";
import * as torch from "../../src/torch";
import type { ModelCase, StrategyCase } from "./cases";
import { routingContract } from "./contract-routing";
import { namesWithout, TablePolicy } from "./contract-support";
import { trainingContract } from "./contract-training";
import { BATCH, close, distance, hashOf, lossOf, rowsOf, sameOutputs, setting } from "./support";

/** The invariants that every strategy keeps on every model; numbered as in the architecture. */
export function adaptiveContract(test: TestFn, strategy: StrategyCase, model: ModelCase): void {
  const title = (what: string) => `${strategy.name} on ${model.name}: ${what}`;
  const names = strategy.strategy(model).what.map(({ name }) => name);
  const indexOf = (name: string) => names.indexOf(name);
  const isHead = (name: string) =>
    name
      .split(".")
      .slice(0, 2)
      .some((part) => model.heads.includes(part));
  const has = (...wanted: string[]) => wanted.every((name) => names.includes(name));

  test(title("no two weights share a name, and the head is the model's"), (t) => {
    const { adapted } = setting(model, strategy);
    const named = new Set<unknown>(Object.values(adapted.stateDict()));
    t.true(adapted.parameters().every((parameter) => named.has(parameter)));
    t.true(
      adapted.namedParameters().some(([name, { requiresGrad }]) => isHead(name) && requiresGrad),
    );
  });

  if (has("frozen", "tuned")) {
    test(title("1. identical alternatives make decisions irrelevant"), (t) => {
      const twins = [indexOf("frozen"), indexOf("tuned")];
      const outputs = (moved: boolean) => {
        const { adapted, inputs } = setting(model, strategy, { moved });
        const mixed = range(BATCH).map((b) =>
          adapted.sites.map((_, n) => twins[(b + n + b * n) % 2]),
        );
        return [mixed, adapted.sites.map(() => twins[0])].map((decisions) =>
          adapted.forward(inputs, { decisions }),
        );
      };
      const [mixed, uniform] = outputs(false);
      sameOutputs(t, mixed, uniform, 1e-12, "mixed decisions:");
      const [other, pretrained] = outputs(true);
      t.true(distance(other.logits, pretrained.logits) > 1e-5, "alternatives make a difference");
    });
  }

  if (has("frozen")) {
    test(title("2. all frozen is the pretrained model"), (t) => {
      const { pretrained, adapted, inputs } = setting(model, strategy);
      const decisions = adapted.sites.map(() => indexOf("frozen"));
      const state = adapted.stateDict();
      torch.noGrad(() => {
        for (const [name, weight] of Object.entries(pretrained.stateDict())) {
          if (isHead(name)) weight.copy_(state[name]); // it trains
        }
      });
      const expected = pretrained.eval().forward(inputs);
      sameOutputs(t, adapted.eval().forward(inputs, { decisions }), expected, 1e-12);
      const outputs = adapted.train().forward(inputs, { decisions });
      const ofNetwork = Object.entries(expected).filter(([name]) => !model.ofHead.includes(name));
      if (ofNetwork.length > 0) sameOutputs(t, outputs, Object.fromEntries(ofNetwork), 1e-12);
      lossOf({ ...outputs, gate: undefined }).backward();
      const reached = adapted.namedParameters().filter(([, parameter]) => parameter.grad !== null);
      t.true(reached.every(([name]) => isHead(name)));
      t.true(reached.length > 0, "the head learns");
    });
  }

  for (const [k, name] of names.entries()) {
    test(title(`3. all ${name} is the static strategy that has it alone`), (t) => {
      const { pretrained, adapted, inputs } = setting(model, strategy);
      const plan = strategy.strategy(model);
      const fixed = adapt(pretrained, { ...plan, what: [plan.what[k]] }).to("float64");
      t.deepEqual(fixed.sites, []);
      const names = namesWithout(adapted, fixed, plan.what, k);
      const state = adapted.stateDict();
      torch.noGrad(() => {
        for (const [own, weight] of Object.entries(fixed.stateDict()))
          weight.copy_(state[names.get(own)!]);
      });
      const decisions = adapted.sites.map(() => k);
      const routed = adapted.train().forward(inputs, { decisions });
      const plain = fixed.train().forward(inputs);
      sameOutputs(t, routed, plain, 1e-12);
      const all = { ...routed, gate: undefined };
      lossOf(all).backward();
      lossOf(plain).backward();
      const trained = new Map(adapted.namedParameters());
      for (const [own, { grad, requiresGrad }] of fixed.namedParameters()) {
        const twin = trained.get(names.get(own)!);
        if (twin && requiresGrad) close(t, twin.grad, grad, 1e-10, own);
      }
    });
  }

  if (strategy.copies) {
    test(title("3. all tuned is standard finetuning"), (t) => {
      const { pretrained, adapted, inputs } = setting(model, strategy, { moved: false });
      const finetuned = adapt(pretrained, standard()).train();
      const k = names.findIndex((name) => name === "tuned" || name === "keep");
      const decisions = adapted.sites.map(() => k);
      const routed = adapted.train().forward(inputs, { decisions });
      const plain = finetuned.forward(inputs);
      sameOutputs(t, routed, plain, 1e-12);
      lossOf({ ...routed, gate: undefined }).backward();
      lossOf(plain).backward();
      const expected = new Map(finetuned.namedParameters());
      const plan = strategy.strategy(model);
      const own = new Map(adapted.namedParameters());
      let compared = 0;
      for (const [name, twin] of namesWithout(adapted, finetuned, plan.what, k)) {
        if (!own.get(twin)?.requiresGrad) continue;
        close(t, own.get(twin)!.grad, expected.get(name)!.grad, 1e-10, name);
        compared++;
      }
      t.true(compared > adapted.sites.length);
    });
  }

  test(title("4. every decision has a gradient where its alternatives differ"), (t) => {
    const gradient = (moved: boolean) => {
      const sites = setting(model, strategy).adapted.sites.length;
      const policy = new TablePolicy(BATCH, sites, names.length);
      const { adapted, inputs, noise } = setting(model, strategy, { moved, policy });
      // What leads to a part that is skipped has no effect on that input, so there are more draws.
      const more = has("skip") ? range(2).map(() => torch.emptyLike(noise).exponential_()) : [];
      for (const exponential of [noise, ...more]) {
        const outputs = adapted.train().forward(inputs, { exponential });
        lossOf({ ...outputs, gate: undefined }).backward();
      }
      const byInput = policy.table.grad!.abs().amax([-1]); // [B,N]
      return has("skip") ? byInput.amax([0]) : byInput;
    };
    t.true(gradient(true).min().item() > 1e-9);
    if (names.every((name) => name === "frozen" || name === "tuned"))
      t.true(gradient(false).max().item() < 1e-12, "none where they are the same");
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
    sameOutputs(t, resumed.eval().forward(inputs), adapted.forward(inputs), 0, "resumed");
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

  routingContract(test, strategy, model);

  test(title("a fixed mask merges into a plain model, which is saved and read"), (t) => {
    const { pretrained, adapted, inputs } = setting(model, strategy);
    for (const mask of [
      adapted.sites.map((_, n) => (n * n + 1) % names.length),
      adapted.sites.map(() => names.length - 1),
    ]) {
      const expected = adapted.eval().forward(inputs, { decisions: mask });
      const merged = adapted.merge(mask);
      t.is(merged.constructor, pretrained.constructor);
      sameOutputs(t, merged.eval().forward(inputs), expected, 1e-12, "merged");
      if (!(merged instanceof Model)) continue;
      const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
      t.teardown(() => rmSync(folder, { recursive: true }));
      merged.savePretrained(folder);
      const read = Model.fromPretrained(folder, { report: () => {} });
      t.is(read.constructor, pretrained.constructor);
      const again = (read.to("float64").eval() as typeof merged).forward(inputs);
      sameOutputs(t, again as Record<string, unknown>, expected, 1e-5, "read");
    }
  });

  if (!(model.policy(strategy.strategy(model), 1) instanceof Module)) {
    test(title("an adaptive model is exported and read"), (t) => {
      const { adapted, inputs } = setting(model, strategy, { dtype: "float32" });
      const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
      t.teardown(() => rmSync(folder, { recursive: true }));
      exportAdapted(adapted, folder);
      const read = loadAdapted(folder);
      t.deepEqual(read.sites, adapted.sites);
      const [actual, expected] = [read.forward(inputs), adapted.eval().forward(inputs)];
      sameOutputs(t, actual, expected, 0);
      t.deepEqual(actual.decisions!.toArray(), expected.decisions!.toArray());
      t.deepEqual(
        read.namedParameters().map(([name, { requiresGrad }]) => [name, requiresGrad]),
        adapted.namedParameters().map(([name, { requiresGrad }]) => [name, requiresGrad]),
      );
    });
  }

  test(title("10. regularisers are finite where all or none use an alternative"), (t) => {
    for (const used of range(names.length)) {
      const sites = setting(model, strategy).adapted.sites.length;
      const policy = new TablePolicy(BATCH, sites, names.length);
      torch.noGrad(() => policy.table.select(2, used).fill_(1e4));
      const { adapted, inputs } = setting(model, strategy, { policy, moved: false });
      const { gate } = adapted.train().forward(inputs);
      const probabilities = policy.forward().softmax(-1);
      for (const scope of ["instance", "batch"] as const) {
        const term = budget(gate!, { alternative: 0, target: 1, scope });
        t.is(term.item(), ((used === 0 ? sites : 0) - 1) ** 2);
        term.backward(null, { retainGraph: true });
        const undecided = confidence(probabilities, { scope });
        t.true(Math.abs(undecided.item() as number) < 1e-12);
        undecided.backward(null, { retainGraph: true });
      }
      diversity(probabilities).backward();
      t.true(policy.table.grad!.isfinite().all().item());
    }
  });

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

  trainingContract(test, strategy, model);
}

function range(length: number): number[] {
  return [...Array(length).keys()];
}
