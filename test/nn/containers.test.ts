import test from "ava";
import {
  functional,
  GELU,
  Identity,
  Linear,
  type Module,
  ModuleDict,
  ModuleList,
  Parameter,
  ParameterDict,
  ParameterList,
  Sequential,
} from "../../src/nn";
import * as torch from "../../src/torch";

test("a list counts, indexes and iterates its modules", (t) => {
  const [first, second] = [new Identity(), new GELU()];
  const list = new ModuleList([first, second]);
  t.is(list.length, 2);
  t.is(list[0], first);
  t.is(list.at(-1), second);
  t.is(list.at(2), undefined);
  t.deepEqual([...list], [first, second]);
  t.is(list.append(new GELU()).length, 3);
});

test("names in the state are numbers in their order", (t) => {
  const list = new ModuleList(Array.from({ length: 11 }, () => new Linear(1, 1, { bias: false })));
  t.deepEqual(
    Object.keys(list.stateDict()),
    [...Array(11).keys()].map((n) => `${n}.weight`),
  );
});

test("a sequence runs its modules one after the other", (t) => {
  const sequence = new Sequential(new Linear(3, 4), new GELU(), new Linear(4, 2));
  const x = torch.randn([5, 3]);
  const [a, , b] = [...sequence] as [Linear, GELU, Linear];
  t.deepEqual(sequence.forward(x).toArray(), b.forward(functional.gelu(a.forward(x))).toArray());
});

test("a module in a list can be replaced", (t) => {
  const sequence = new Sequential(new GELU(), new GELU());
  const identity = new Identity();
  sequence.setModule("1", identity);
  t.is(sequence[1], identity);
  t.is(sequence.length, 2);
});

test("a list grows by another's modules", (t) => {
  const list = new ModuleList([new GELU()]);
  t.is(list.extend(list).length, 2);
});

test("a sequence may have names", (t) => {
  const sequence = new Sequential({ first: new Linear(3, 4), act: new GELU() });
  t.deepEqual(Object.keys(sequence.stateDict()), ["first.weight", "first.bias"]);
  t.is(sequence.length, 2);
  t.is(sequence.at(-1)?.constructor, GELU);
  const x = torch.randn([2, 3]);
  const [first] = [...sequence] as [Linear];
  t.true(torch.equal(sequence.forward(x), functional.gelu(first.forward(x))));
  const same = new GELU();
  t.is([...new Sequential(same, same)].length, 2);
});

test("a record of modules is by name, in order", (t) => {
  const modules = new ModuleDict<Module>({ b: new Linear(1, 2), a: new GELU() });
  t.deepEqual(modules.keys(), ["b", "a"]);
  t.is(modules.get("a"), modules.values()[1]);
  t.is(modules.get("c"), undefined);
  t.is(modules.get("training"), undefined);
  t.deepEqual(Object.keys(modules.stateDict()), ["b.weight", "b.bias"]);
  t.true(modules.delete("b"));
  t.false(modules.delete("b"));
  t.is(modules.set("a", new Identity()).size, 1);
});

test("names of members and with dots are refused", (t) => {
  for (const name of ["forward", "training", "get", "a.b", ""]) {
    t.throws(() => new ModuleDict({ [name]: new GELU() }), { message: /the name/ }, name);
    t.throws(() => new ParameterDict({ [name]: torch.ones([1]) }), { message: /the name/ }, name);
  }
});

test("parameters in lists and records are parameters of the module", (t) => {
  const list = new ParameterList([torch.ones([2]), new Parameter(torch.zeros([3]), false)]);
  t.deepEqual(
    list.namedParameters().map(([name]) => name),
    ["0", "1"],
  );
  t.true(list[0].requiresGrad);
  t.false(list.at(-1)?.requiresGrad);
  t.is([...list].length, 2);
  const record = new ParameterDict({ scale: torch.ones([1]) });
  t.is(record.get("scale"), record.parameters()[0]);
  t.is(record.get("shift"), undefined);
  t.deepEqual(
    [...record].map(([name]) => name),
    ["scale"],
  );
  t.throws(() => new ParameterList([3 as unknown as torch.Tensor]), { instanceOf: TypeError });
});
