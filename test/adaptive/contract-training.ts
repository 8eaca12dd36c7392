import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext, TestFn } from "ava";
import { type AdaptedModel, type Inputs, linearTemperature } from "../../src/adaptive";
import {
  AdamW,
  LRScheduler,
  linearWarmupDecay,
  type OptimizerState,
  type SchedulerState,
} from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import type { ModelCase, StrategyCase } from "./cases";
import { BATCH, close, hashOf, lossOf, rowsOf, setting } from "./support";

const STEPS = 4;

/** The invariants about training as a whole; numbered as in the architecture. */
export function trainingContract(test: TestFn, strategy: StrategyCase, model: ModelCase): void {
  const title = (what: string) => `${strategy.name} on ${model.name}: ${what}`;

  test(title("9. steps, a checkpoint and steps end as steps without one, to the bit"), (t) => {
    const whole = new Run(model, strategy);
    torch.manualSeed(3);
    whole.take(0, STEPS);

    const cut = new Run(model, strategy);
    torch.manualSeed(3);
    cut.take(0, STEPS / 2);
    const file = temporaryFile(t);
    const numbers = cut.save(file);
    torch.manualSeed(99);
    const resumed = new Run(model, strategy);
    resumed.restore(file, numbers);
    resumed.take(STEPS / 2, STEPS);

    t.is(resumed.hash(), whole.hash());
    t.not(cut.hash(), whole.hash(), "steps change something");
  });

  test(title("11. replicas with a part of the batch each learn as one with all of it"), (t) => {
    const { adapted: one, inputs, noise } = setting(model, strategy);
    lossOf(one.train().forward(inputs, { exponential: noise }))
      .div(BATCH)
      .backward();

    const ranks = [0, 1].map((rank) => {
      const { adapted } = setting(model, strategy);
      const rows = Array.from({ length: BATCH / 2 }, (_, row) => 2 * row + rank);
      const exponential = noise.indexSelect(0, torch.tensor(rows, { dtype: "int64" }));
      const outputs = adapted.train().forward(rowsOf(inputs, rows), { exponential });
      lossOf(outputs).div(rows.length).backward();
      return adapted;
    });
    const [first, second] = ranks.map((rank) => new Map(rank.namedParameters()));
    for (const [name, { grad }] of one.namedParameters()) {
      const parts = [first, second].flatMap((rank) => rank.get(name)!.grad ?? []);
      // What no input of a rank reached has no gradient there: it adds nothing to the mean.
      const mean = parts.length === 0 ? null : parts.reduce((a, b) => a.add(b)).div(2);
      close(t, mean, grad, 1e-10, name);
    }
  });
}

/** All numbers of a training that are no tensors. */
type Numbers = readonly {
  readonly groups: OptimizerState["groups"];
  readonly scheduler: SchedulerState;
}[];

/** A training with an optimizer and a schedule each for the model and for the policy. */
class Run {
  private readonly adapted: AdaptedModel;
  private readonly inputs: Inputs;
  private readonly optimizers: readonly AdamW[];
  private readonly schedulers: readonly LRScheduler[];

  constructor(model: ModelCase, strategy: StrategyCase) {
    const gate = { temperature: linearTemperature({ start: 4, end: 1, steps: STEPS }) };
    const { adapted, inputs } = setting(model, strategy, { dtype: "float32", gate });
    this.adapted = adapted.train();
    this.inputs = inputs;
    const { model: weights, policy } = adapted.parameterGroups();
    this.optimizers = [new AdamW(weights, { lr: 1e-2 }), new AdamW(policy, { lr: 3e-2 })];
    const schedule = linearWarmupDecay({ warmup: 1, total: STEPS + 1 });
    this.schedulers = this.optimizers.map((optimizer) => new LRScheduler(optimizer, schedule));
  }

  /** Decisions are drawn; every step has other rows of the batch. */
  take(from: number, to: number): void {
    for (let step = from; step < to; step++) {
      this.adapted.gate.step = step;
      const rows = [0, 1, 2].map((row) => (row + 2 * step) % BATCH);
      torch.scope(() => lossOf(this.adapted.forward(rowsOf(this.inputs, rows))).backward());
      for (const optimizer of this.optimizers) {
        optimizer.step();
        optimizer.zeroGrad();
      }
      for (const scheduler of this.schedulers) scheduler.step();
    }
  }

  /** Writes all tensors to a file; gives all numbers. */
  save(file: string): Numbers {
    torch.save(this.tensors(), file);
    return this.optimizers.map((optimizer, n) => ({
      groups: optimizer.stateDict().groups,
      scheduler: this.schedulers[n].stateDict(),
    }));
  }

  restore(file: string, numbers: Numbers): void {
    const tensors = torch.load(file) as Record<string, Tensor>;
    const below = (start: string) =>
      Object.fromEntries(
        Object.entries(tensors).flatMap(([name, tensor]) =>
          name.startsWith(start) ? [[name.slice(start.length), tensor]] : [],
        ),
      );
    this.adapted.loadStateDict(below("weight."));
    for (const [n, { groups, scheduler }] of numbers.entries()) {
      this.optimizers[n].loadStateDict({ tensors: below(`optimizer.${n}.`), groups });
      this.schedulers[n].loadStateDict(scheduler);
    }
    torch.setRngState(tensors.random);
  }

  /** Of weights, both optimizers and the random state. */
  hash(): string {
    return hashOf(Object.entries(this.tensors()));
  }

  private tensors(): Record<string, Tensor> {
    const named = (start: string, entries: Readonly<Record<string, Tensor>>) =>
      Object.entries(entries).map(([name, tensor]): [string, Tensor] => [start + name, tensor]);
    return Object.fromEntries([
      ...named("weight.", this.adapted.stateDict()),
      ...this.optimizers.flatMap((optimizer, n) =>
        named(`optimizer.${n}.`, optimizer.stateDict().tensors),
      ),
      ["random", torch.getRngState()],
    ]);
  }
}

function temporaryFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, "state.safetensors");
}
