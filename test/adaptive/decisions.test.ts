import test from "ava";
import { Decisions } from "../../src/adaptive/decisions";
import * as torch from "../../src/torch";

function decide(choices: number[][], alternatives: number): Decisions {
  const choice = torch.tensor(choices).long();
  return new Decisions(torch.oneHot(choice, alternatives).to("float32"), choice);
}

test("rows are grouped by what they picked, in batch order", (t) => {
  const { sites, batch } = decide(
    [
      [0, 2],
      [1, 2],
      [0, 1],
      [2, 2],
    ],
    3,
  );
  t.is(batch, 4);
  t.deepEqual(
    sites[0].picked.map(({ numbers }) => numbers),
    [[0, 2], [1], [3]],
  );
  t.deepEqual(
    sites[0].others.map(({ numbers }) => numbers),
    [
      [1, 3],
      [0, 2, 3],
      [0, 1, 2],
    ],
  );
  t.deepEqual(
    sites[1].picked.map(({ numbers }) => numbers),
    [[], [2], [0, 1, 3]],
  );
  for (const { picked, others } of sites) {
    for (const { numbers, areAll } of [...picked, ...others]) t.is(areAll, numbers.length === 4);
  }
  t.deepEqual(sites[1].gate.toArray(), [
    [0, 0, 1],
    [0, 0, 1],
    [0, 1, 0],
    [0, 0, 1],
  ]);
});

test("of two alternatives, the others of one are the pickers of the other", (t) => {
  const [{ picked, others }] = decide([[0], [1], [0]], 2).sites;
  t.is(others[0], picked[1]);
  t.is(others[1], picked[0]);
});

test("all that lost is compared, or what was asked for", (t) => {
  const all = decide([[0], [1], [0], [1]], 2).sites[0];
  t.is(all.compared, all.others);
  const choice = torch.tensor([[0], [1], [0], [1]]).long();
  const asked = torch.tensor([[true], [true], [false], [false]]);
  const [some] = new Decisions(torch.oneHot(choice, 2).float(), choice, asked).sites;
  t.deepEqual(
    some.compared.map(({ numbers }) => numbers),
    [[1], [0]],
  );
  t.deepEqual(some.others[0].numbers, [1, 3]);
});

test("gate and choice have to agree", (t) => {
  const choice = torch.zeros([3, 2], { dtype: "int64" });
  t.throws(() => new Decisions(torch.zeros([3, 4, 2]), choice), {
    message: /gate \[B,N,K\] and choice \[B,N\], got \[3,4,2\] and \[3,2\]/,
  });
});
