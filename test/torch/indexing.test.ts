import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import type { Nested } from "./support";

const { slice } = torch;
const int64 = (values: Nested) => torch.tensor(values as number[], { dtype: "int64" });
const x = torch.arange(12).view([3, 4]); // [[0..3], [4..7], [8..11]]
const cube = torch.arange(24).view([2, 3, 4]);

for (const [name, indexed, expected] of [
  ["x[0]", x.index(0), [0, 1, 2, 3]],
  ["x[-1]", x.index(-1), [8, 9, 10, 11]],
  ["x[1, -1]", x.index(1, -1), 7],
  [
    "x[1:]",
    x.index(slice(1)),
    [
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ],
  ],
  ["x[:1]", x.index(slice(0, 1)), [[0, 1, 2, 3]]],
  ["x[-1:]", x.index(slice(-1)), [[8, 9, 10, 11]]],
  [
    "x[:, 1:3]",
    x.index(slice(), slice(1, 3)),
    [
      [1, 2],
      [5, 6],
      [9, 10],
    ],
  ],
  ["x[::2, 0]", x.index(slice(null, null, 2), 0), [0, 8]],
  ["x[:-1, 3]", x.index(slice(null, -1), 3), [3, 7]],
  ["x[1:99, 0]", x.index(slice(1, 99), 0), [4, 8]],
  ["x[2:1]", x.index(slice(2, 1)), []],
  ["x[..., 0]", x.index("...", 0), [0, 4, 8]],
  ["x[0, ...]", x.index(0, "..."), [0, 1, 2, 3]],
  ["cube[1, ..., 0]", cube.index(1, "...", 0), [12, 16, 20]],
  ["x[None, 0]", x.index(null, 0), [[0, 1, 2, 3]]],
  ["x[0, None, 1:3]", x.index(0, null, slice(1, 3)), [[1, 2]]],
  ["x[0, :2, None]", x.index(0, slice(0, 2), null), [[0], [1]]],
  [
    "x[[2, 0]]",
    x.index(int64([2, 0])),
    [
      [8, 9, 10, 11],
      [0, 1, 2, 3],
    ],
  ],
  ["x[[-1]]", x.index(int64([-1])), [[8, 9, 10, 11]]],
  ["x[[0, 2], [1, 3]]", x.index(int64([0, 2]), int64([1, 3])), [1, 11]],
  [
    "x[[[0], [2]], [1, 3]]",
    x.index(int64([[0], [2]]), int64([1, 3])),
    [
      [1, 3],
      [9, 11],
    ],
  ],
  [
    "x[:, [3, 0]]",
    x.index(slice(), int64([3, 0])),
    [
      [3, 0],
      [7, 4],
      [11, 8],
    ],
  ],
  ["x[1:, [0]]", x.index(slice(1), int64([0])), [[4], [8]]],
  ["x[1, [0, 2]]", x.index(1, int64([0, 2])), [4, 6]],
  ["x[..., [1]]", x.index("...", int64([1])), [[1], [5], [9]]],
  ["x[x > 9]", x.index(x.gt(9)), [10, 11]],
  ["x[[True, False, True], 0]", x.index(torch.tensor([true, false, true]), 0), [0, 8]],
  ["x[tensor(2), 1]", x.index(int64(2), 1), 9],
  ["x[[0, 1]] of int32", x.index(torch.tensor([0, 1], { dtype: "int32" }), 0), [0, 4]],
  [
    "cube[[0, 1], :, [0, 3]]",
    cube.index(int64([0, 1]), slice(), int64([0, 3])),
    [
      [0, 4, 8],
      [15, 19, 23],
    ],
  ],
  [
    "cube[:, [0, 2], [1, 1]]",
    cube.index(slice(), int64([0, 2]), int64([1, 1])),
    [
      [1, 9],
      [13, 21],
    ],
  ],
  [
    "cube[:, None, [0]].shape",
    torch.tensor(cube.index(slice(), null, int64([0])).shape),
    [2, 1, 1, 4],
  ],
] as [string, Tensor, Nested][]) {
  test(`${name} is as in PyTorch`, (t) => {
    t.deepEqual(indexed.toArray(), expected);
  });
}

test("numbers, slices and new axes give views; tensors give copies", (t) => {
  const y = torch.zeros([2, 3]);
  y.index(0).fill_(1);
  y.index(slice(), slice(0, 1)).fill_(2);
  y.index(null, 1, "...", 2).fill_(3);
  t.deepEqual(y.toArray(), [
    [2, 1, 1],
    [2, 0, 3],
  ]);
  y.index(int64([0])).fill_(9);
  t.deepEqual(y.toArray(), [
    [2, 1, 1],
    [2, 0, 3],
  ]);
});

test("gradients go through indices, repeated ones add up", (t) => {
  const y = torch.zeros([3, 2], { requiresGrad: true });
  y.index(slice(1), 0)
    .sum()
    .add(y.index(int64([0, 0, 2])).sum())
    .backward();
  t.deepEqual(y.grad!.toArray(), [
    [2, 2],
    [1, 0],
    [2, 1],
  ]);
});

test("indexing leaves only its result", (t) => {
  const rows = int64([0, 2]);
  const { tensors: before } = torch.memory();
  const part = x.index(slice(0, 3, 2), null, slice(1));
  const picked = x.index(rows, slice(1));
  t.is(torch.memory().tensors, before + 2);
  t.deepEqual(
    [part.shape, picked.shape],
    [
      [2, 1, 3],
      [2, 3],
    ],
  );
});
