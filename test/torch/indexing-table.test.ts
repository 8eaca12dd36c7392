import { join } from "node:path";
import test from "ava";
import * as torch from "../../src/torch";
import { reference, weightedSum } from "../reference/load";
import { same } from "./support";

type Encoded =
  | number
  | boolean
  | null
  | "..."
  | { tensor: string }
  | { slice: [number | null, number | null, number] }
  | { list: readonly Encoded[] };

/** What PyTorch gives for x[indices]. */
interface Read {
  readonly indices: readonly Encoded[];
  readonly result: string;
  readonly grad: string;
  readonly view: boolean;
  readonly refused?: true;
}

/** What PyTorch leaves in x after x[indices] = value. */
interface Write {
  readonly indices: readonly Encoded[];
  readonly value: number | string;
  readonly result: string;
  readonly grad: string;
  readonly valueGrad?: string;
}

const values = reference("torch-ops-indexing");
const file = join(__dirname, "../reference/torch-ops-indexing.safetensors");
const tables: { x: string; reads: Read[]; writes: Write[] } = JSON.parse(
  torch.loadMetadata(file).tables,
);

function decode(index: Encoded): torch.Index {
  if (typeof index !== "object" || index === null) return index;
  if ("tensor" in index) return values[index.tensor];
  return "list" in index
    ? (index.list.map(decode) as torch.IndexArray)
    : torch.slice(...index.slice);
}

const fresh = () => values[tables.x].clone().requiresGrad_();

function text(indices: readonly Encoded[]): string {
  const one = (index: Encoded) =>
    typeof index === "object" && index !== null && "tensor" in index
      ? `${values[index.tensor].dtype} ${JSON.stringify(values[index.tensor].toArray())}`
      : JSON.stringify(index);
  return `[${indices.map(one).join(", ")}]`;
}

for (const [n, { indices, result, grad, view, refused }] of tables.reads.entries()) {
  test(`read ${n}: x${text(indices)}${refused ? " is refused" : ""}`, (t) => {
    torch.scope(() => {
      const x = fresh();
      if (refused) {
        const error = t.throws(() => x.index(...indices.map(decode)));
        t.regex(`${error?.name}`, /^(TorchError|TypeError)$/);
        const before = x.detach().clone();
        t.throws(() => x.detach().indexPut_(indices.map(decode), 1));
        t.true(torch.equal(x, before), "a refused write changes nothing");
        return;
      }
      const out = x.index(...indices.map(decode));
      same(t, out, values[result], "result");
      weightedSum(out).backward();
      same(t, x.grad!, values[grad], "gradient");
      const plain = values[tables.x].clone();
      plain.index(...indices.map(decode)).fill_(99);
      t.is(plain.eq(99).any().item<boolean>(), view, "writes through a view");
    });
  });
}

for (const [n, { indices, value, result, grad, valueGrad }] of tables.writes.entries()) {
  test(`write ${n}: x${text(indices)} = ${value}`, (t) => {
    for (const form of ["indexPut_", "indexPut"] as const) {
      torch.scope(() => {
        const leaf = fresh();
        const given = typeof value === "number" ? value : values[value].clone().requiresGrad_(true);
        const x = form === "indexPut" ? leaf : leaf.clone();
        const out = x[form](indices.map(decode), given);
        if (form === "indexPut_") t.is(out, x);
        else t.true(torch.equal(leaf, values[tables.x]), "indexPut leaves x as it is");
        same(t, out, values[result], form);
        weightedSum(out).backward();
        same(t, leaf.grad!, values[grad], `${form}: gradient of x`);
        if (valueGrad) {
          same(
            t,
            (given as torch.Tensor).grad!,
            values[valueGrad],
            `${form}: gradient of the value`,
          );
        }
      });
    }
  });
}

test("the table is large", (t) => {
  t.true(tables.reads.length >= 100);
  t.true(tables.writes.length >= 150);
});

test("accumulate adds, repeated positions too", (t) => {
  const x = torch.zeros([2, 3]);
  x.indexPut_([0, [1, 1, 2]], torch.tensor([1, 2, 5]), { accumulate: true });
  x.indexPut_([1], 4, { accumulate: true });
  x.indexPut_([1, torch.slice(1)], torch.tensor([1, 2]), { accumulate: true });
  t.deepEqual(x.toArray(), [
    [0, 3, 5],
    [4, 5, 6],
  ]);
});

test("writes convert numbers to the dtype of what is written to, and refuse what does not fit", (t) => {
  const ints = torch.zeros([3], { dtype: "int64" });
  ints
    .indexPut_([0], 2.9)
    .indexPut_([[1, 2]], 7)
    .indexPut_([2], true);
  t.deepEqual(ints.toArray(), [2, 7, 1]);
  const x = torch.zeros([2, 3]);
  x.indexPut_([0], torch.tensor([1n, 2n, 3n]));
  t.deepEqual(x.index(0).toArray(), [1, 2, 3]);
  t.throws(() => x.indexPut_([0], torch.ones([4])), { name: "TorchError" });
  t.throws(() => x.indexPut_([[0, 1]], torch.ones([3, 3])), { name: "TorchError" });
  t.throws(() => x.indexPut_([[0, 1]], torch.ones([3], { dtype: "int64" })), {
    message: /dtype/,
  });
  t.throws(() => x.indexPut_(0 as never, 1), { message: /argument 'indices': expected an array/ });
  t.throws(() => x.indexPut_([0], "a" as never), { message: /argument 'value'/ });
  t.throws(() => x.indexPut_([0], 1, { add: true } as never), { message: /accumulate/ });
});

test("a negative step is refused with what to do instead", (t) => {
  t.throws(() => torch.slice(null, null, -1), {
    name: "TypeError",
    message:
      "slice: argument 'step': expected an integer of at least 1, given -1; x.flip(dim) reverses a dimension",
  });
  t.throws(() => torch.slice(0.5), { message: /argument 'start': expected an integer or null/ });
  const x = torch.zeros([2, 2]);
  t.throws(() => x.index(0.5), { message: /given 0.5/ });
  t.throws(() => x.index([0, true]), { message: /expected arrays of integers, given true/ });
  t.throws(() => x.index([[0], [1, 2]], 0), { message: /rows of unequal length/ });
});

test("writing leaves no tensor behind", (t) => {
  const x = torch.zeros([3, 4]);
  torch.assertNoLeaks(() => {
    x.indexPut_([0, null, torch.slice(1)], 1);
    x.indexPut_([[0, 2], torch.slice(1)], 2);
  });
  t.is(x.sum().item(), 3 * 2 + 3 * 2);
});
