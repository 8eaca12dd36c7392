import path from "node:path";
import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

const file = path.join(__dirname, "..", "reference", "torch-script.pt");
const load = () => torch.jit.load(file);
const x = torch.tensor([[1, 2, 3]]);

test("a module is loaded and run", (t) => {
  const module = load();
  t.deepEqual(module.forward(x).toArray(), [[8.5, 25.5]]);
  t.deepEqual(module.forward<Tensor>(torch.zeros([2, 3])).shape, [2, 2]);
  t.deepEqual(Object.keys(module.methods()).sort(), [
    "count",
    "fail",
    "forward",
    "keyed",
    "pair",
    "scaled",
    "values",
  ]);
  t.regex(module.methods().scaled, /Tensor x, float factor=2\., Tensor\? bias=None/);
});

test("parameters and buffers are the module's own", (t) => {
  const module = load();
  t.deepEqual(
    module.namedParameters().map(([name]) => name),
    ["layer.weight", "layer.bias"],
  );
  t.deepEqual(
    module.namedBuffers().map(([name]) => name),
    ["steps"],
  );
  t.deepEqual(Object.keys(module.stateDict()), ["layer.weight", "layer.bias", "steps"]);
  const [weight, bias] = module.parameters();
  t.deepEqual([weight.shape, weight.requiresGrad], [[2, 3], true]);
  module.forward(x).sum().backward();
  t.deepEqual(weight.grad!.toArray(), [
    [1, 2, 3],
    [1, 2, 3],
  ]);
  torch.noGrad(() => {
    weight.zero_();
    bias.fill_(4);
  });
  t.deepEqual(module.forward(x).toArray(), [[4, 4]]);
  t.deepEqual(load().forward(x).toArray(), [[8.5, 25.5]]);
});

test("methods take defaults, options and state", (t) => {
  const module = load();
  t.deepEqual(module.call("scaled", x).toArray(), [[17, 51]]);
  t.deepEqual(module.call("scaled", x, 1).toArray(), [[8.5, 25.5]]);
  t.deepEqual(module.call("scaled", x, undefined, torch.ones([2])).toArray(), [[18, 52]]);
  t.deepEqual(module.call("scaled", x, 1, null).toArray(), [[8.5, 25.5]]);
  t.is(module.call<number>("count"), 1);
  t.is(module.call<number>("count"), 2);
  t.deepEqual(module.buffers()[0].toArray(), [2]);
});

test("values go in and out as JavaScript has them", (t) => {
  const module = load();
  const [flag, text, numbers, table, none] = module.call<
    [boolean, string, number[], Record<string, Tensor>, null]
  >("values", true, "naïve", [1, -2], { a: torch.ones([1]), b: torch.zeros([1]) });
  t.deepEqual([flag, text, numbers, none], [false, "naïve!", [2, -1], null]);
  t.deepEqual([table.a.item(), table.b.item()], [2, 1]);
  const pair = module.call<Record<string, Tensor>>("pair", x);
  t.deepEqual([pair.first.toArray(), pair.second.toArray()], [[[1, 2, 3]], [[-1, -2, -3]]]);
  const keyed = module.call<Map<number, number>>("keyed", new Map([[1, [2, 0.5]]]));
  t.deepEqual(keyed, new Map([[0.5, 3]]));
});

test("training turns dropout on, eval off", (t) => {
  const module = load();
  t.false(module.training);
  t.true(module.train().training);
  const outputs = Array.from({ length: 40 }, () => module.forward(x).toArray<number[][]>()[0][0]);
  t.deepEqual([...new Set(outputs)].sort(), [0, 17]);
  t.deepEqual(module.eval().forward(x).toArray(), [[8.5, 25.5]]);
});

test("to() changes dtype and device in place", (t) => {
  const module = load().to({ dtype: "float64" });
  t.is(module.parameters()[0].dtype, "float64");
  t.deepEqual(module.forward(x.double()).toArray(), [[8.5, 25.5]]);
  t.is(module.to("cpu").parameters()[0].device, "cpu");
  t.throws(() => module.to("nowhere"), { message: /nowhere/ });
});

test("a module's results belong to the scope", (t) => {
  const module = load();
  const before = torch.memory().tensors;
  torch.scope(() => {
    module.call("pair", module.forward(x));
  });
  t.is(torch.memory().tensors, before);
});

const wrong: Record<string, [(module: torch.ScriptModule) => unknown, RegExp]> = {
  "a number for a tensor": [
    (m) => m.forward(3),
    /forward: argument 'x': expected a Tensor, given 3/,
  ],
  "no argument": [(m) => m.forward(), /forward: argument 'x'/],
  "too many arguments": [(m) => m.forward(x, x), /expected at most 1 arguments, given 2/],
  "a method that is not there": [(m) => m.call("nope"), /no method 'nope'; it has forward/],
  "a number for a flag": [(m) => m.call("values", 1, "", [], {}), /'flag': expected bool, given 1/],
  "a fraction in integers": [
    (m) => m.call("values", true, "", [1, 0.5], {}),
    /'numbers'\[1\]: expected int, given 0.5/,
  ],
  "an array for a table": [(m) => m.call("values", true, "", [], []), /'table'/],
  "a short tuple": [(m) => m.call("keyed", new Map([[1, [2]]])), /'table'\[1\]/],
};
for (const [name, [call, message]] of Object.entries(wrong)) {
  test(`${name} is refused`, (t) => {
    t.throws(() => call(load()), { instanceOf: TypeError, message });
  });
}

test("a disposed tensor is refused", (t) => {
  const gone = torch.ones([1, 3]);
  gone.dispose();
  t.throws(() => load().forward(gone), { instanceOf: TypeError, message: /disposed/ });
});

test("what fails inside is a TorchError with its reason", (t) => {
  const module = load();
  const ones = torch.ones([2]);
  t.throws(() => module.call("fail", ones), { instanceOf: torch.TorchError, message: /positive/ });
  t.throws(() => module.call("fail", ones.neg()), {
    instanceOf: torch.TorchError,
    message: /shape '\[7, 7\]'/,
  });
  t.throws(() => module.forward(ones), { instanceOf: torch.TorchError, message: /forward/ });
});

test("files of other kinds are refused by name, and torch.load never runs one", (t) => {
  const pickle = path.join(__dirname, "..", "reference", "pytorch-zip.pt");
  t.throws(() => torch.jit.load(pickle), {
    instanceOf: torch.TorchError,
    message: /pytorch-zip\.pt is no TorchScript module/,
  });
  t.throws(() => torch.jit.load(__filename), { instanceOf: torch.TorchError });
  t.throws(() => torch.jit.load("/no/such/file"), { code: "ENOENT" });
  const loose = torch.jit.load as (file: unknown) => unknown;
  t.throws(() => loose(3), { instanceOf: TypeError });
  for (const read of [torch.load, torch.loadObject]) {
    t.throws(() => read(file), {
      instanceOf: torch.TorchError,
      message: /torch\.jit\.load\(path\)/,
    });
  }
});
