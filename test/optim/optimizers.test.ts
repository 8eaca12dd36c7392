import test from "ava";
import { Embedding, Linear, Parameter } from "../../src/nn";
import {
  Adam,
  fromPyTorchState,
  type PyTorchState,
  RMSprop,
  SGD,
  toPyTorchState,
} from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, distance } from "../reference/load";
import { rounding, UPDATES } from "../rounding";
import { cases, groupsOf, Run, STEPS, values } from "./steps-support";

for (const [name, make] of Object.entries(cases)) {
  test(`${name}: weights are PyTorch's after every step, and so is the state`, (t) => {
    const run = new Run(make);
    for (let n = 0; n < STEPS; n++) {
      run.step(n);
      run.isAt(t, name, n);
    }
    const { state, param_groups } = toPyTorchState(run.optimizer.stateDict());
    const expected = below(values, `${name}.state`);
    const found = [...(state as Map<number, Record<string, Tensor>>)].flatMap(([number, slots]) =>
      Object.entries(slots).map(([slot, tensor]) => [`${number}.${slot}`, tensor] as const),
    );
    t.deepEqual(found.map(([slot]) => slot).sort(), Object.keys(expected).sort());
    for (const [slot, tensor] of found)
      t.true(distance(tensor, expected[slot]) <= rounding("float64", UPDATES), slot);
    const wanted = JSON.parse(groupsOf[name]) as Record<string, unknown>[];
    for (const [number, group] of param_groups.entries()) {
      for (const [key, value] of Object.entries(group)) {
        t.deepEqual(value, wanted[number][key], `group ${number}: ${key}`);
      }
    }
  });

  test(`${name}: goes on from PyTorch's state, and its own survives PyTorch's form`, (t) => {
    const run = new Run(make);
    for (let n = 0; n < STEPS; n++) run.step(n);
    const own = run.optimizer.stateDict();
    const there = nested(name);
    const other = new Run(make);
    other.optimizer.loadStateDict(fromPyTorchState(there));
    torch.noGrad(() => {
      for (const key of ["a", "b"] as const) other.params[key].copy_(run.params[key]);
    });
    run.step(1);
    other.step(1);
    for (const key of ["a", "b"] as const) {
      t.true(
        distance(other.params[key].detach(), run.params[key].detach()) <=
          rounding("float64", UPDATES),
      );
    }
    const back = fromPyTorchState(toPyTorchState(own));
    t.deepEqual(back.groups, own.groups);
    t.deepEqual(Object.keys(back.tensors), Object.keys(own.tensors));
  });
}

/** The state dict of the reference, as PyTorch nests it. */
function nested(name: string): PyTorchState {
  const state: Record<string, Record<string, Tensor>> = {};
  for (const [key, tensor] of Object.entries(below(values, `${name}.state`))) {
    const [number, slot] = key.split(".");
    state[number] = { ...state[number], [slot]: tensor };
  }
  return { state, param_groups: JSON.parse(groupsOf[name]) };
}

test("no case of the reference is left out", (t) => {
  t.deepEqual(Object.keys(groupsOf).sort(), Object.keys(cases).sort());
});

test("PyTorch's parameters are found by their place, whatever their numbers", (t) => {
  const square = (n: number) => torch.full([1], n);
  const state = fromPyTorchState({
    state: new Map([
      [7, { exp_avg: square(7), step: 3, momentum_buffer: null }],
      [2, { exp_avg: square(2) }],
    ]),
    param_groups: [
      { params: [7], weight_decay: 0.1, fused: true },
      { params: [5, 2], weight_decay: 0, foreach: null },
    ],
  });
  t.deepEqual(state.groups, [
    { params: 1, weightDecay: 0.1 },
    { params: 2, weightDecay: 0 },
  ] as never);
  t.deepEqual(Object.keys(state.tensors).sort(), ["0.exp_avg", "0.step", "2.exp_avg"]);
  t.is(state.tensors["0.step"].item(), 3);
  const wrong = { state: { 1: {} }, param_groups: [{ params: [0] }] };
  t.throws(() => fromPyTorchState(wrong), { message: /state\[1\] belongs to no parameter/ });
  const text = { state: { 0: { step: "3" } }, param_groups: [{ params: [0] }] };
  t.throws(() => fromPyTorchState(text), { message: /state\[0\].step is neither/ });
  t.throws(() => fromPyTorchState({ state: {}, param_groups: [{}] }), { message: /no list/ });
});

test("groups are added while training", (t) => {
  const [first, second] = [new Parameter(torch.ones([2])), new Parameter(torch.ones([2]))];
  const optimizer = new SGD([first], { lr: 0.5 });
  optimizer.addParamGroup({ params: [second], lr: 0.25, name: "late" });
  t.throws(() => optimizer.addParamGroup({ params: [first] }), { message: /given before/ });
  t.is(optimizer.groups.length, 2);
  for (const parameter of [first, second]) parameter.grad = torch.ones([2]);
  optimizer.step();
  t.deepEqual(first.toArray(), [0.5, 0.5]);
  t.deepEqual(second.toArray(), [0.75, 0.75]);
});

test("what cannot be is refused", (t) => {
  const parameter = new Parameter(torch.ones([1]));
  const throwing: [() => unknown, RegExp][] = [
    [() => new SGD([parameter], { nesterov: true }), /nesterov needs a momentum above 0/],
    [() => new SGD([parameter], { momentum: -1 }), /momentum -1 is negative/],
    [() => new RMSprop([parameter], { alpha: Number.NaN }), /alpha NaN/],
    [() => new Adam([parameter, parameter]), /a parameter twice/],
    [() => new Adam([]), /no parameters/],
  ];
  for (const [run, message] of throwing) t.throws(run, { message });
});

test("a sparse gradient is an error that says what to do", (t) => {
  const embedding = new Embedding(4, 2, { sparse: true });
  embedding
    .forward(torch.zeros([1], { dtype: "int64" }))
    .sum()
    .backward();
  const optimizer = new SGD(embedding.parameters());
  t.throws(() => optimizer.step(), { message: /sparse_coo.*without `sparse`/ });
});

test("what is no parameters and no state is named", (t) => {
  const loose = SGD as unknown as new (params: unknown, options: object) => SGD;
  const make = (params: unknown) => () => new loose(params, { lr: 1 });
  const model = new Linear(1, 1);
  t.throws(make(undefined), { message: /model\.parameters\(\), given undefined/ });
  t.throws(make(model), { message: /model\.parameters\(\), given an object of Linear/ });
  t.throws(make([5]), { message: /expected params to be Tensors, given 5/ });
  t.throws(make([{ params: model }]), { message: /an array of params/ });

  const optimizer = new SGD(model.parameters(), { lr: 1 });
  const state = (given: unknown) => () => optimizer.loadStateDict(given as never);
  t.throws(state(null), { message: /stateDict\(\), given null/ });
  t.throws(state({}), { message: /stateDict\(\), given an object/ });
  t.throws(state(toPyTorchState(optimizer.stateDict())), { message: /fromPyTorchState/ });
  t.throws(() => model.loadStateDict(null as never), { message: /by name, given null/ });
});
