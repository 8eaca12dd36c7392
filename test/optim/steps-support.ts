import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { Parameter } from "../../src/nn";
import { Adam, AdamW, type Optimizer, RMSprop, SGD, toPyTorchState } from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { distance, reference } from "../reference/load";
import { assertRounding, rounding, UPDATES } from "../rounding";

export const values = reference("optim-steps");
export const groupsOf = torch.loadMetadata(
  join(__dirname, "..", "reference", "optim-steps.safetensors"),
);
export const STEPS = 6;

type Groups = [{ params: Tensor[] }, { params: Tensor[]; lr: number }];
type Any = Optimizer<object>;

const lr = 0.05;
export const cases: Record<string, (params: Groups) => Any> = {
  SGD: (p) => new SGD(p, { lr }),
  "SGD decay": (p) => new SGD(p, { lr, weightDecay: 0.1, maximize: true }),
  "SGD momentum": (p) => new SGD(p, { lr, momentum: 0.9, dampening: 0.3, weightDecay: 0.1 }),
  "SGD nesterov": (p) => new SGD(p, { lr, momentum: 0.8, nesterov: true, maximize: true }),
  Adam: (p) => new Adam(p, { lr }),
  "Adam all": (p) =>
    new Adam(p, {
      lr,
      betas: [0.5, 0.7],
      eps: 1e-3,
      weightDecay: 0.1,
      amsgrad: true,
      maximize: true,
    }),
  AdamW: (p) => new AdamW(p, { lr }),
  "AdamW all": (p) =>
    new AdamW(p, { lr, betas: [0.5, 0.7], weightDecay: 0.2, amsgrad: true, maximize: true }),
  RMSprop: (p) => new RMSprop(p, { lr }),
  "RMSprop momentum": (p) => new RMSprop(p, { lr, alpha: 0.8, momentum: 0.5, weightDecay: 0.1 }),
  "RMSprop all": (p) =>
    new RMSprop(p, {
      lr,
      alpha: 0.8,
      momentum: 0.5,
      centered: true,
      eps: 1e-3,
      weightDecay: 0.1,
      maximize: true,
    }),
};

/** The optimization of the reference script, which can be taken up at any step. */
export class Run {
  readonly params: Readonly<Record<"a" | "b", Parameter>> = {
    a: new Parameter(values["start.a"].clone()),
    b: new Parameter(values["start.b"].clone()),
  };
  readonly optimizer: Any;

  constructor(make: (params: Groups) => Any) {
    this.optimizer = make([{ params: [this.params.a] }, { params: [this.params.b], lr: 0.03 }]);
  }

  step(n: number): void {
    for (const [name, parameter] of Object.entries(this.params)) {
      const isAbsent = name === "b" && n === 0;
      parameter.grad = isAbsent ? null : values[`gradient.${name}`].select(0, n).clone();
    }
    this.optimizer.step();
  }

  isAt(t: ExecutionContext, name: string, n: number): void {
    for (const [key, parameter] of Object.entries(this.params)) {
      const off = distance(parameter.detach(), values[`${name}.${key}`].select(0, n));
      assertRounding(t, off, rounding("float64", UPDATES), `${key} after step ${n}`);
    }
  }
}

/** All cases after their steps, as the trainings of PyTorch's that a .pt file holds. */
export function savedRuns(): Record<string, object> {
  const saved = Object.entries(cases).map(([name, make]) => {
    const run = new Run(make);
    for (let n = 0; n < STEPS; n++) run.step(n);
    return [name, { params: run.params, optimizer: toPyTorchState(run.optimizer.stateDict()) }];
  });
  return Object.fromEntries(saved);
}
