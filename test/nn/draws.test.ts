import test from "ava";
import {
  branchPoint,
  functional,
  inForward,
  Packing,
  rowNumbers,
  whilePacked,
  whilePart,
} from "../../src/nn";
import * as torch from "../../src/torch";

const ones = () => torch.ones([2, 40]);
const draw = () => String(functional.dropout(ones(), 0.5).toArray());
const idle = () => functional.dropout(ones(), 0.5, false);

/** What a function gives in one forward that draws from a seed. */
function forward<T>(seed: number, fn: () => T): T {
  torch.manualSeed(seed);
  return inForward(fn);
}

test("the layers of a forward draw differently, and again the same from the same seed", (t) => {
  const three = () => [draw(), draw(), draw()];
  const first = forward(1, three);
  t.is(new Set(first).size, 3);
  t.deepEqual(forward(1, three), first);
  t.notDeepEqual(forward(2, three), first);
});

test("a layer that draws nothing keeps the others' places", (t) => {
  const [, , third] = forward(1, () => [draw(), draw(), draw()]);
  t.is(
    forward(1, () => [idle(), idle(), draw()][2]),
    third,
  );
});

test("what runs in each other's stead draws the same, whichever and however much runs", (t) => {
  const run = (parts: number[]) =>
    forward(4, () => {
      const before = draw();
      const alike = branchPoint();
      const branches = parts.map((count) => alike(() => Array.from({ length: count }, draw)));
      return { before, branches, after: draw() };
    });
  const both = run([2, 2]);
  t.deepEqual(both.branches[0], both.branches[1]);
  t.is(new Set([both.before, ...both.branches[0], both.after]).size, 4);
  for (const other of [run([2]), run([]), run([5])]) {
    t.is(other.before, both.before);
    t.is(other.after, both.after);
  }
  t.deepEqual(run([5]).branches[0].slice(0, 2), both.branches[0]);
});

test("a forward in a forward is a part of it; an error ends both", (t) => {
  const inner = () => [draw(), inForward(draw), draw()];
  t.is(new Set(forward(5, inner)).size, 3);
  t.deepEqual(forward(5, inner), forward(5, inner));
  const fail = () => {
    throw new Error("inside");
  };
  t.throws(() => forward(5, () => inForward(fail)), { message: "inside" });
  torch.manualSeed(6);
  const [one, two] = [draw(), draw()];
  t.not(one, two, "outside of forwards every call has a seed of its own");
  torch.manualSeed(6);
  t.is(draw(), one);
});

test("rows are who they are in the batch, packed or not, in parts or whole", (t) => {
  const who = (x: torch.Tensor) =>
    rowNumbers(x) &&
    Array.from(rowNumbers(x)!.toTypedArray() as BigInt64Array, (number) => [
      Number(number >> 32n),
      Number(number & 0xffffffffn),
    ]);
  t.is(who(torch.zeros([3, 2, 4])), null);
  t.deepEqual(
    whilePart([0, 2], () => who(torch.zeros([2, 2, 4]))),
    [
      [0, 0],
      [0, 1],
      [2, 0],
      [2, 1],
    ],
  );
  t.deepEqual(
    whilePart([1, 3], () => whilePart([1], () => who(torch.zeros([1, 4])))),
    [[3, 0]],
  );
  t.deepEqual(
    whilePart([0, 2], () => who(torch.zeros([4, 4]))),
    [
      [0, 0],
      [1, 0],
      [4, 0],
      [5, 0],
    ],
  );
  const numbers = BigInt64Array.from([0n, 5n, (1n << 32n) + 2n]);
  whilePacked([new Packing([2, 1], numbers)], () => {
    t.deepEqual(who(torch.zeros([3, 4])), [
      [0, 0],
      [0, 5],
      [1, 2],
    ]);
    t.deepEqual(
      whilePart([1], () => who(torch.zeros([1, 4]))),
      [[1, 2]],
    );
  });
});
