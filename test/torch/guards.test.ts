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

test("one number is padding on all sides, and a list of nothing a default", (t) => {
  const x = torch.arange(0, 4).float().view(1, 2, 2);
  t.deepEqual(
    torch.reflectionPad2d(x, 1).toArray(),
    torch.reflectionPad2d(x, [1, 1, 1, 1]).toArray(),
  );
  t.deepEqual(torch.reflectionPad2d(x, [1]).shape, [1, 4, 4]);
  t.deepEqual(torch.maxPool2d(x, 2, []).toArray(), [[[3]]]);
});

test("memory that is not there tells what holds memory", (t) => {
  t.throws(() => torch.empty([2 ** 45]), { message: /torch\.memory\.report\(\) tells/ });
});

test("what fits passes the guards of sizes", (t) => {
  const x = torch.randn([4, 3]).requiresGrad_();
  const ones = torch.ones([3]);
  const [y, mean, invstd] = torch.nativeBatchNorm(x, ones, null, null, null, true, 0.1, 1e-5);
  const grad = torch.randn([4, 3]);
  const all = [true, true, true];
  const [dx] = torch.nativeBatchNormBackward(
    grad,
    x,
    ones,
    null,
    null,
    mean,
    invstd,
    true,
    1e-5,
    all,
  );
  const [same] = torch.grad(y.mul(grad).sum(), [x]);
  t.true(dx.allclose(same, 1e-4, 1e-5));

  const lengths = int64([3, 1]);
  const padded = torch.arange(1, 7).view(2, 3);
  const { _pack_padded_sequence: pack, _pad_packed_sequence: unpack } = torch.ops.aten;
  const [data, counts] = pack(padded.unsqueeze(-1), lengths, true) as torch.Tensor[];
  const [back] = unpack(data, counts, true, 0, 3) as torch.Tensor[];
  t.deepEqual(back.squeeze(-1).toArray(), [
    [1, 2, 3],
    [4, 0, 0],
  ]);
  const bags = torch.embeddingBag(torch.eye(3), int64([0, 2, 1]), int64([0, 2, 2]))[0];
  t.deepEqual(bags.sum(1).toArray(), [2, 0, 1]);
});

test("explaining runs no guard", (t) => {
  const scores = torch.zeros([5, 1, 3]);
  const targets = int64([[9, 9]]);
  const call = torch.explain(() => torch.ctcLoss(scores, targets, [5], [2]));
  t.is(call?.name, "aten::ctc_loss");
});
