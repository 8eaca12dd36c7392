import test from "ava";
import * as torch from "../../src/torch";
import { putTogether, readTogether } from "../../src/train/read-together";
import { stepMeans, stepReport, usageByName } from "../../src/train/step-means";

test("numbers of all shapes and dtypes are read as they are", (t) => {
  const together = putTogether({
    a: torch.tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    b: torch.tensor(0.1, { dtype: "float64" }),
    c: torch.tensor(Number.NaN),
    d: torch.ones([2], { dtype: "bfloat16" }),
  });
  t.deepEqual(readTogether(together), {
    a: [1, 2, 3, 4, 5, 6],
    b: [0.1],
    c: [Number.NaN],
    d: [1, 1],
  });
});

test("parts count by their shares", (t) => {
  const part = (share: number, loss: number) => ({
    share,
    objective: {
      total: torch.tensor(loss),
      task: torch.tensor(2 * loss),
      terms: { budget: torch.tensor(3 * loss) },
    },
    usage: torch.tensor([[loss, 1 - loss]]),
  });
  const report = stepReport([part(0.75, 1), part(0.25, 0)], [torch.tensor(7)]);
  t.deepEqual(stepMeans(report), {
    loss: 0.75,
    task: 1.5,
    terms: { budget: 2.25 },
    usage: [0.75, 0.25],
    norms: [7],
  });
});

test("usage is told by name, as a mean over sites", (t) => {
  t.deepEqual(usageByName([1, 0, 0.5, 0.5], ["frozen", "tuned"]), { frozen: 0.75, tuned: 0.25 });
});
