import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { fromPyTorchState, type PyTorchState } from "../../src/optim";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";
import { distance, reference } from "../reference/load";
import { assertRounding, rounding, UPDATES } from "../rounding";
import { temporaryFolder } from "../torch/support";
import { cases, Run, STEPS, savedRuns, values } from "./steps-support";

const loaded = reference("optim-loaded");

type Saved = Record<string, { params: Record<"a" | "b", Tensor>; optimizer: PyTorchState }>;

/** What a file of ours gives back of all cases. */
function roundTrip(t: ExecutionContext): Saved {
  const file = join(temporaryFolder(t), "runs.pt");
  torch.save(savedRuns(), file);
  return torch.loadObject<Saved>(file);
}

test("the file that PyTorch was given is the one that is written now", (t) => {
  const before = torch.loadObject<Saved>(join(__dirname, "..", "reference", "optim-saved.pt"));
  t.deepEqual(Object.keys(before), Object.keys(cases));
  same(t, roundTrip(t), before, "file");
});

for (const [name, make] of Object.entries(cases)) {
  test(`${name}: PyTorch goes on from a file of ours as we do`, (t) => {
    const run = new Run(make);
    for (let n = 0; n < STEPS; n++) run.step(n);
    goesOn(t, name, run);
  });

  test(`${name}: a state in a file of ours is the state`, (t) => {
    const { params, optimizer } = roundTrip(t)[name];
    const run = new Run(make);
    run.optimizer.loadStateDict(fromPyTorchState(optimizer));
    torch.noGrad(() => {
      for (const key of ["a", "b"] as const) run.params[key].copy_(params[key]);
    });
    goesOn(t, name, run);
  });
}

/** Two more steps end where PyTorch's do. */
function goesOn(t: ExecutionContext, name: string, run: Run): void {
  for (let n = 0; n < 2; n++) {
    for (const key of ["a", "b"] as const) {
      run.params[key].grad = values[`gradient.${key}`].select(0, n).clone();
    }
    run.optimizer.step();
  }
  for (const key of ["a", "b"] as const) {
    const off = distance(run.params[key].detach(), loaded[`${name}.${key}`]);
    assertRounding(t, off, rounding("float64", UPDATES), key);
  }
}

/** Equal in structure, kinds and numbers; tensors to rounding. */
function same(t: ExecutionContext, found: unknown, expected: unknown, where: string): void {
  if (expected instanceof Tensor && found instanceof Tensor) {
    t.deepEqual([found.dtype, found.shape], [expected.dtype, expected.shape], where);
    t.true(distance(found, expected) <= rounding("float64", UPDATES), where);
  } else if (typeof expected === "object" && expected !== null) {
    t.deepEqual(Object.keys(found as object), Object.keys(expected), where);
    t.false(expected instanceof Map, where);
    for (const [key, value] of Object.entries(expected)) {
      same(t, (found as Record<string, unknown>)[key], value, `${where}.${key}`);
    }
  } else t.is(found, expected, where);
}
