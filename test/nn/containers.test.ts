import test from "ava";
import { GELU, Identity, Linear, ModuleList, Sequential } from "../../src/nn";
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
  t.deepEqual(sequence.forward(x).toArray(), b.forward(torch.gelu(a.forward(x))).toArray());
});

test("a module in a list can be replaced", (t) => {
  const sequence = new Sequential(new GELU(), new GELU());
  const identity = new Identity();
  sequence.setModule("1", identity);
  t.is(sequence[1], identity);
  t.is(sequence.length, 2);
});
