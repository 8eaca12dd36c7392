import test from "ava";
import * as torch from "../../src/torch";

const int64 = (values: number[] | number[][]) => torch.tensor(values, { dtype: "int64" });

test("a tensor that could not be resized is what it was", (t) => {
  const x = torch.arange(0, 4).float();
  t.throws(() => x.resize_([2 ** 45]), { message: /can't allocate memory/ });
  t.throws(() => x.resize_([-4]), { instanceOf: torch.TorchError });
  t.deepEqual(x.toArray(), [0, 1, 2, 3]);
  x.asTypedArray();
  t.throws(() => x.resize_([1000]), { message: /not resizable.*\[4\] cpu/s });
  t.deepEqual(x.toArray(), [0, 1, 2, 3]);
  const view = x.view(2, 2).t();
  t.throws(() => view.resize_([2 ** 20, 8]), { message: /not resizable/ });
  t.deepEqual(view.toArray(), [
    [0, 2],
    [1, 3],
  ]);
});

test("nor does a result that did not fit change what was to hold it", (t) => {
  const out = torch.ones([2]);
  out.asTypedArray();
  t.throws(() => torch.add(torch.ones([50]), 1, { out }), { message: /not resizable/ });
  t.deepEqual(out.toArray(), [1, 1]);
});

test("what is right passes the guards", (t) => {
  const least = torch.tensor([-(2n ** 63n), 7n]);
  const trunc = { roundingMode: "trunc" } as const;
  t.deepEqual(torch.div(least, int64([2, -1]), trunc).toArray(), [-(2n ** 62n), -7]);
  t.deepEqual(torch.div(int64([7, -7]), -1, trunc).toArray(), [-7, 7]);
  t.deepEqual(torch.div(torch.tensor([-7.5]), -1, trunc).toArray(), [7]);

  const scores = torch.zeros([5, 2, 3]).logSoftmax(-1);
  const padded = torch.ctcLoss(
    scores,
    int64([
      [1, 2],
      [1, -1],
    ]),
    [5, 5],
    [2, 1],
  );
  const rows = torch.ctcLoss(scores, int64([1, 2, 1]), int64([5, 5]), int64([2, 1]));
  t.is(padded.item(), rows.item());
  t.true(Number.isFinite(padded.item()));

  const sparse = torch.sparseCooTensor(int64([[1]]), torch.ones([1]), [3]);
  t.deepEqual(sparse.toDense().toArray(), [0, 1, 0]);
});

test("explaining runs no guard", (t) => {
  const scores = torch.zeros([5, 1, 3]);
  const targets = int64([[9, 9]]);
  const call = torch.explain(() => torch.ctcLoss(scores, targets, [5], [2]));
  t.is(call?.name, "aten::ctc_loss");
});
