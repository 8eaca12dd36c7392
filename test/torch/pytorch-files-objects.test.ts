import path from "node:path";
import test from "ava";
import type { DType, Saved, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

const reference = path.join(__dirname, "..", "reference");
const fileOf = (layout: string) => path.join(reference, `torch-objects-${layout}.pt`);
type Nested = Record<string, Saved>;
type Sections = Record<"tensors" | "views", Record<string, Tensor>> &
  Record<"plain" | "others" | "model" | "optimizer", Nested>;
const read = (layout: string) => torch.loadObject<Sections>(fileOf(layout));

for (const layout of ["zip", "legacy"]) {
  test(`${layout}: tensors of every dtype keep it`, (t) => {
    const { tensors } = read(layout);
    t.is(Object.keys(tensors).length, 18);
    for (const [name, tensor] of Object.entries(tensors)) {
      t.is(tensor.dtype, name as DType);
      t.deepEqual(tensor.shape, [2, 2]);
      const values = name.startsWith("complex") ? torch.real(tensor.to("complex64")) : tensor;
      const expected = name === "bool" ? [0, 1, 1, 1] : [0, 1, 3, 7];
      t.deepEqual(values.float().flatten().toArray(), expected, name);
    }
  });

  test(`${layout}: views keep their strides and share their storage`, (t) => {
    const { views } = read(layout);
    const { base, transposed, stepped, expanded, same } = views;
    t.deepEqual(
      [base.strides, transposed.strides],
      [
        [6, 1],
        [1, 6],
      ],
    );
    t.deepEqual([stepped.strides, expanded.strides], [[12, 3], [0]]);
    t.true(transposed.equal(base.t()));
    t.true(base.isSame(same));
    base.fill_(-1);
    for (const view of [transposed, stepped, expanded]) t.true(view.eq(-1).all().item<boolean>());
    t.deepEqual(torch.viewAsReal(views.conjugate.resolveConj()).toArray(), [
      [1, -2],
      [3, 4],
    ]);
    t.deepEqual(views.negative.toArray(), [-6]);
    t.deepEqual([views.empty.shape, views.scalar.item()], [[0, 5], 2.5]);
  });

  test(`${layout}: plain values are JavaScript's`, (t) => {
    const { plain } = read(layout);
    t.deepEqual(plain.bools, [true, false]);
    t.deepEqual((plain.ints as Saved[]).slice(-3), [-(2 ** 53 - 1), 2n ** 80n, -(2n ** 63n)]);
    t.deepEqual(plain.floats, [0.5, -0, 1e300, Infinity, -Infinity, 5e-324]);
    t.deepEqual(plain.strings, ["", "naïve ✓ 🔑", "line\nbreak\0"]);
    t.deepEqual(
      [...(plain.bytes as Uint8Array)],
      Array.from({ length: 256 }, (_, i) => i),
    );
    t.deepEqual(plain.set, new Set([1, "two"]));
    t.deepEqual(plain.nested, { a: [{ b: { c: [[]] } }], empty: {} });
    const [one, other] = plain.shared as Saved[];
    t.is(one, other);
    t.deepEqual(plain.numbered, { 0: "zero", 1: "one" });
    t.deepEqual(
      [...(plain.mixed as Map<Saved, Saved>)],
      [
        [[1, "x"], "tuple"],
        [2.5, "float"],
        [null, "none"],
      ],
    );
    t.is(plain.none, null);
    t.deepEqual(Object.getOwnPropertyDescriptor(plain, "__proto__")?.value, { polluted: true });
    t.is(({} as { polluted?: boolean }).polluted, undefined);
  });

  test(`${layout}: what only Python has becomes what is closest`, (t) => {
    const { others } = read(layout);
    t.deepEqual(others.tuple, [1, [2, "3"], []]);
    t.deepEqual(Object.entries(others.ordered as Nested), [
      ["b", 1],
      ["a", 2],
    ]);
    t.deepEqual(others.default, { x: [1] });
    t.deepEqual(others.counter, { a: 2, b: 1 });
    t.deepEqual(others.namespace, { lr: 0.1, name: "run" });
    t.deepEqual(others.complex, { re: 1, im: 2 });
    t.deepEqual([others.size, others.device, others.cpu], [[2, 3], "cuda:1", "cpu"]);
    t.deepEqual([others.dtype, others.frozen], ["bfloat16", new Set([5])]);
    t.deepEqual(others.bytearray, Buffer.from([0, 255]));
    t.is((others.cycle as Saved[])[0], others.cycle);
    const grads = ["parameter", "frozen_parameter", "leaf"].map((name) => others[name] as Tensor);
    t.deepEqual(
      grads.map(({ requiresGrad, isLeaf }) => [requiresGrad, isLeaf]),
      [
        [true, true],
        [false, true],
        [true, true],
      ],
    );
    const sparse = others.sparse as Tensor;
    t.is(sparse.layout, "sparse_coo");
    t.true(sparse.toDense().equal(torch.eye(3)));
  });

  test(`${layout}: numpy's numbers and arrays are read`, (t) => {
    const { array, fortran, ...numbers } = read(layout).others.numpy as Nested;
    t.deepEqual(numbers, {
      float64: 0.1,
      float32: 0.5,
      float16: -1.5,
      int64: -(2n ** 62n),
      int32: 7,
      uint8: 255,
      bool: true,
      complex128: { re: 1, im: -1 },
      text: "naïve",
    });
    const [whole, turned] = [array, fortran] as Tensor[];
    t.deepEqual(
      [whole.dtype, whole.toArray()],
      [
        "int32",
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
      ],
    );
    t.deepEqual(
      [turned.dtype, turned.toArray()],
      [
        "float64",
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
      ],
    );
  });

  test(`${layout}: an optimizer's state is as it was nested`, (t) => {
    const { model, optimizer } = read(layout);
    t.deepEqual(Object.keys(model), ["weight", "bias"]);
    const state = optimizer.state as Record<number, Record<string, Tensor>>;
    t.deepEqual(Object.keys(state[0]), ["step", "exp_avg", "exp_avg_sq"]);
    t.is(state[1].step.item(), 1);
    const [group] = optimizer.param_groups as Nested[];
    t.is(group.lr, 0.25);
    t.deepEqual(group.params, [0, 1]);
  });

  test(`${layout}: all is freed with the scope, and read by name too`, (t) => {
    const before = torch.memory().tensors;
    torch.scope(() => {
      const tensors = torch.load(fileOf(layout));
      t.is(torch.memory().tensors - before, Object.keys(tensors).length);
      t.is(tensors["optimizer.state.0.step"].item(), 1);
      t.false(tensors["others.parameter"].requiresGrad);
    });
    t.is(torch.memory().tensors, before);
  });
}
