import test from "ava";
import {
  Buffer,
  Identity,
  Linear,
  Module,
  ModuleList,
  Parameter,
  type Registered,
} from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/** A decoder tied to an embedding, a buffer, a list, and fields that are not registered. */
class Tied extends Module {
  readonly embed = new Linear(3, 4, { bias: false });
  readonly blocks = new ModuleList([new Linear(4, 4), new Linear(4, 4)]);
  readonly decoder: { weight: Parameter } & Module;
  readonly steps = new Buffer(torch.zeros([1], { dtype: "int64" }));
  readonly settings = { size: 3 };
  readonly plain = torch.ones([2]);

  constructor() {
    super();
    this.decoder = Object.assign(new Identity(), { weight: this.embed.weight });
  }
}

const NAMES = [
  "embed.weight",
  "blocks.0.weight",
  "blocks.0.bias",
  "blocks.1.weight",
  "blocks.1.bias",
  "decoder.weight",
  "steps",
];

test("the state has all names in the order of fields, tied ones included", (t) => {
  const model = new Tied();
  const state = model.stateDict();
  t.deepEqual(Object.keys(state).sort(), [...NAMES].sort());
  t.deepEqual(Object.keys(state), Object.keys(new Tied().stateDict()));
  t.is(state["decoder.weight"], state["embed.weight"]);
});

test("parameters come once, buffers not at all", (t) => {
  const model = new Tied();
  t.deepEqual(
    model.namedParameters().map(([name]) => name),
    Object.keys(model.stateDict()).filter((name) => name !== "steps" && name !== "decoder.weight"),
  );
  t.is(model.numParameters(), 12 + 2 * 20);
  model.blocks.requiresGrad_(false);
  t.is(model.numParameters({ trainable: true }), 12);
});

test("modules have paths, and can be found and replaced by them", (t) => {
  const model = new Tied();
  const paths = model.namedModules().map(([path]) => path);
  t.deepEqual(paths, ["", "embed", "blocks", "blocks.0", "blocks.1", "decoder"]);
  t.is(model.getModule("blocks.1"), model.blocks[1]);
  t.is(model.getModule(""), model);
  const twin = new Linear(4, 4);
  model.setModule("blocks.1", twin);
  t.is(model.blocks[1], twin);
  model.setModule("embed", twin);
  t.is(model.embed, twin);
});

test("a path that leads nowhere is refused, with where it leads", (t) => {
  const model = new Tied();
  const message = 'Tied has no module "blocks.2": ModuleList has no "2", only 0, 1';
  t.throws(() => model.getModule("blocks.2"), { message });
  t.throws(() => model.setModule("blocks.2", new Identity()), { message });
  t.throws(() => model.setModule("plain", new Identity()));
});

test("training mode reaches all modules", (t) => {
  const model = new Tied();
  t.true(model.blocks[1].training);
  t.is(model.eval(), model);
  t.true(model.namedModules().every(([, module]) => !module.training));
  t.true(model.train().blocks[1].training);
});

test("a dtype changes floating-point weights in place, with their gradients", (t) => {
  const model = new Tied();
  const { weight } = model.embed;
  weight.sum().backward();
  t.is(model.to("float64"), model);
  t.is(model.embed.weight, weight);
  t.is(weight.dtype, "float64");
  t.is(weight.grad?.dtype, "float64");
  t.true(weight.requiresGrad && weight.isLeaf);
  t.is(model.steps.dtype, "int64");
  t.is(model.to("cpu").embed.weight.device, "cpu");
  torch.scope(() =>
    model.blocks[0]
      .forward(torch.ones([4], { dtype: "float64" }))
      .sum()
      .backward(),
  );
  t.is(model.blocks[0].bias?.grad?.dtype, "float64");
});

test("a clone has storage of its own, and ties of its own", (t) => {
  const model = new Tied().eval();
  model.blocks[0].requiresGrad_(false);
  const copy = model.clone();
  t.true(copy instanceof Tied);
  t.not(copy.blocks[0], model.blocks[0]);
  t.is(copy.decoder.weight, copy.embed.weight);
  t.not(copy.embed.weight, model.embed.weight);
  t.false(copy.blocks[0].weight.requiresGrad);
  t.false(copy.training);
  t.is(copy.settings, model.settings);
  torch.noGrad(() => copy.embed.weight.fill_(7));
  t.true(model.embed.weight.ne(7).all().item<boolean>());
  t.deepEqual(Object.keys(copy.stateDict()), Object.keys(model.stateDict()));
});

test("a clone's weights can be made by the caller, each once with its first name", (t) => {
  const model = new Tied();
  const names: string[] = [];
  const copy = model.clone((weight, name) => {
    names.push(name);
    return weight instanceof Parameter ? new Parameter(weight, false) : new Buffer(weight);
  });
  t.deepEqual(names.sort(), NAMES.filter((name) => name !== "decoder.weight").sort());
  torch.noGrad(() => model.embed.weight.fill_(7));
  t.deepEqual(copy.embed.weight.toArray(), model.embed.weight.toArray());
  t.is(copy.numParameters({ trainable: true }), 0);
});

test("gradients are dropped", (t) => {
  const model = new Tied();
  model.embed
    .forward(torch.ones([3]))
    .sum()
    .backward();
  t.truthy(model.embed.weight.grad);
  model.zeroGrad();
  t.is(model.embed.weight.grad, null);
});

test("a module without a forward says so", (t) => {
  t.throws(() => new Tied().forward(), { message: "Tied has no forward" });
});

/** Its inner part is a module in paths and adds nothing to names in the state. */
class Renaming extends Module {
  inner: Module = new Linear(2, 2);

  override registered(): Registered[] {
    return [["inner", this.inner, ""]];
  }

  override forward(x: Tensor): Tensor {
    return this.inner.forward(x) as Tensor;
  }
}

test("an entry may have another name in the state than in paths", (t) => {
  const outer = new ModuleList([new Renaming()]);
  t.deepEqual(Object.keys(outer.stateDict()), ["0.weight", "0.bias"]);
  t.deepEqual(
    outer.namedModules().map(([path]) => path),
    ["", "0", "0.inner"],
  );
  const copied: string[] = [];
  outer.clone((weight, name) => {
    copied.push(name);
    return weight;
  });
  t.deepEqual(copied.sort(), ["0.bias", "0.weight"]);
  outer.setModule("0.inner", new Identity());
  t.deepEqual(outer.stateDict(), {});
});

/** A buffer that is saved, and one that is not. */
class Buffered extends Module {
  readonly saved = new Buffer(torch.zeros([2]));
  readonly cache = new Buffer(torch.zeros([3]), false);
  readonly count = new Buffer(torch.zeros([], { dtype: "int64" }));
}

test("buffers have names; those that are not persistent move along and are not saved", (t) => {
  const outer = new ModuleList([new Buffered()]);
  const names = ["0.saved", "0.cache", "0.count"];
  t.deepEqual(
    outer.namedBuffers().map(([name]) => name),
    names,
  );
  t.is(outer.buffers()[1], outer[0].cache);
  t.deepEqual(Object.keys(outer.stateDict()), ["0.saved", "0.count"]);
  t.deepEqual(outer.loadStateDict(new ModuleList([new Buffered()]).stateDict()).missing, []);
  outer.to({ device: "cpu", dtype: "float64" });
  t.is(outer[0].cache.dtype, "float64");
  t.is(outer[0].count.dtype, "int64");
  const copy = outer.clone();
  t.not(copy[0].cache, outer[0].cache);
  t.false(copy[0].cache.persistent);
  t.true(copy[0].saved.persistent);
});

test("a function is applied to all modules, the inner ones first", (t) => {
  const model = new Tied();
  const seen: string[] = [];
  t.is(
    model.apply((module) => void seen.push(module.constructor.name)),
    model,
  );
  t.deepEqual(seen, ["Linear", "Linear", "Linear", "ModuleList", "Identity", "Tied"]);
});
