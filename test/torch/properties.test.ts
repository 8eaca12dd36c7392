import test from "ava";
import * as torch from "../../src/torch";

test("conversions and sizes by PyTorch's names", (t) => {
  const x = torch.tensor([1.5, -2]);
  t.deepEqual(
    [x.abs().byte(), x.char(), x.short(), x.cfloat(), x.cdouble()].map(({ dtype }) => dtype),
    ["uint8", "int8", "int16", "complex64", "complex128"],
  );
  t.deepEqual([x.elementSize(), x.itemsize, x.nbytes], [4, 4, 8]);
  t.deepEqual([x.bool().itemsize, x.cdouble().itemsize, x.bfloat16().nbytes], [1, 16, 4]);
  t.deepEqual([x.nelement(), x.ndimension()], [2, 1]);
  t.deepEqual(x.tolist(), [1.5, -2]);
  t.deepEqual(
    [x.isCpu, x.isCuda, x.isMeta, x.isSparse, x.isQuantized],
    [true, false, false, false, false],
  );
  t.true(x.toSparse().isSparse);
  const quantized = torch.quantizePerTensor(x, 0.1, 0, "qint8");
  t.deepEqual([quantized.isQuantized, quantized.itemsize], [true, 1]);
});

test("H is the conjugate transpose", (t) => {
  const z = torch.complex(torch.ones([1, 2]), torch.ones([1, 2]));
  t.deepEqual(z.H.shape, [2, 1]);
  t.deepEqual(torch.viewAsReal(z.H.resolveConj()).toArray(), [[[1, -1]], [[1, -1]]]);
});

test("unique, with what is asked for", (t) => {
  const x = torch.tensor([
    [1, 2],
    [2, 1],
    [1, 2],
  ]);
  t.deepEqual(torch.unique(x).toArray(), [1, 2]);
  const [values, inverse, counts] = torch.unique(x, { returnInverse: true, returnCounts: true });
  t.deepEqual(values.toArray(), [1, 2]);
  t.deepEqual(inverse.toArray(), [
    [0, 1],
    [1, 0],
    [0, 1],
  ]);
  t.deepEqual(counts.toArray(), [3, 3]);
  const [rows, rowCounts] = x.unique({ dim: 0, returnCounts: true });
  t.deepEqual(
    [rows.toArray(), rowCounts.toArray()],
    [
      [
        [1, 2],
        [2, 1],
      ],
      [2, 1],
    ],
  );
  torch.assertNoLeaks(() => x.unique());
});

test("broadcastShapes", (t) => {
  t.deepEqual(torch.broadcastShapes([2, 1], [3], [1, 1, 3]), [1, 2, 3]);
  t.deepEqual(torch.broadcastShapes(), []);
  t.deepEqual(torch.broadcastShapes([0, 1], [3]), [0, 3]);
  t.throws(() => torch.broadcastShapes([2], [3]), { name: "TypeError", message: /2 and 3 at -1/ });
});
