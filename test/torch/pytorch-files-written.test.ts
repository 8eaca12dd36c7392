import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import test from "ava";
import type { Saved, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { zipEntries } from "../../src/torch/io/zip";
import { temporaryFolder } from "./support";

const reference = path.join(__dirname, "..", "reference", "torch-objects-zip.pt");
type Nested = Record<string, Saved>;

test("what is saved comes back: values, dtypes, strides, sharing, gradients", (t) => {
  const file = path.join(temporaryFolder(t), "all.pt");
  const { tensors, views, plain } = torch.loadObject(reference) as Record<string, Nested>;
  torch.save({ tensors, views, plain, leaf: torch.ones([2], { requiresGrad: true }) }, file);
  const found = torch.loadObject(file) as Record<string, Nested>;
  t.deepEqual(found.plain, plain);
  for (const [section, expected] of Object.entries({ tensors, views })) {
    t.deepEqual(Object.keys(found[section]), Object.keys(expected));
    for (const [name, value] of Object.entries(expected)) {
      const [one, other] = [found[section][name], value] as Tensor[];
      t.deepEqual([one.dtype, one.shape, one.strides], [other.dtype, other.shape, other.strides]);
      t.deepEqual(one.toTypedArray(), other.toTypedArray(), name);
    }
  }
  const { base, transposed } = found.views as Record<string, Tensor>;
  base.fill_(9);
  t.true(transposed.eq(9).all().item<boolean>());
  t.true((found.leaf as unknown as Tensor).requiresGrad);
});

test("a storage seen as two dtypes is written once", (t) => {
  const file = path.join(temporaryFolder(t), "two.pt");
  const complexes = torch.viewAsComplex(torch.tensor([[1, 2]]));
  torch.save({ complexes, pairs: torch.viewAsReal(complexes) }, file);
  const { complexes: one, pairs } = torch.load(file);
  t.deepEqual([one.dtype, pairs.dtype], ["complex64", "float32"]);
  pairs.fill_(3);
  t.deepEqual(torch.viewAsReal(one).toArray(), [[3, 3]]);
});

test("the archive is what PyTorch's is: entries, alignment, checksums", (t) => {
  const file = path.join(temporaryFolder(t), "x.pt");
  torch.save([torch.arange(5), torch.ones([3], { dtype: "bfloat16" })], file);
  const bytes = fs.readFileSync(file);
  const descriptor = fs.openSync(file, "r");
  const entries = zipEntries(descriptor, bytes.length);
  fs.closeSync(descriptor);
  t.deepEqual(
    [...entries.keys()],
    [
      "data.pkl",
      ".format_version",
      ".storage_alignment",
      "byteorder",
      "data/0",
      "data/1",
      "version",
    ].map((name) => `archive/${name}`),
  );
  let at = 0;
  for (const [name, { begin, end, isDeflated }] of entries) {
    t.is(begin % 64, 0, name);
    t.false(isDeflated);
    t.is(bytes.readUInt32LE(at), 0x04034b50, name);
    t.is(bytes.readUInt32LE(at + 14), crc32(bytes.subarray(begin, end)), name);
    at = end;
  }
  const part = (name: string) => {
    const { begin, end } = entries.get(`archive/${name}`)!;
    return bytes.subarray(begin, end);
  };
  t.is(part("version").toString(), "3\n");
  t.is(part("byteorder").toString(), "little");
  t.deepEqual(
    new BigInt64Array(new Uint8Array(part("data/0")).buffer),
    new BigInt64Array([0n, 1n, 2n, 3n, 4n]),
  );
  t.is(part("data/1").toString("hex"), "803f803f803f");
  const pickle = part("data.pkl").toString("latin1");
  t.true(pickle.startsWith("\x80\x02]"));
  for (const name of [
    "torch._utils\n_rebuild_tensor_v2",
    "torch\nLongStorage",
    "torch\nBFloat16Storage",
  ]) {
    t.true(pickle.includes(`c${name}\n`), name);
  }
});

test("containers are written by their kinds", (t) => {
  const file = path.join(temporaryFolder(t), "plain.pt");
  const shared = { a: 1 };
  const value = {
    map: new Map<unknown, unknown>([
      [1.5, [shared, shared]],
      [[1, "x"], null],
    ]),
    set: new Set([1, "a"]),
    bytes: new Uint8Array([0, 200, 255]),
    big: [2n ** 70n, -(2n ** 70n), 2 ** 31, -(2 ** 31) - 1],
    long: "x".repeat(100_000),
    many: Array.from({ length: 200_000 }, (_, i) => i / 2),
  };
  torch.save(value, file);
  const found = torch.loadObject(file) as Record<string, Saved>;
  t.deepEqual(
    { ...found, bytes: new Uint8Array(found.bytes as Uint8Array) },
    value as unknown as Nested,
  );
  const [[, [one, other]]] = [...(found.map as Map<Saved, Saved[]>)];
  t.is(one, other);
});

test("a cycle is written and read", (t) => {
  const file = path.join(temporaryFolder(t), "cycle.pt");
  const value: { self?: unknown; list: unknown[] } = { list: [] };
  value.self = value;
  value.list.push(value.list);
  torch.save(value, file);
  const found = torch.loadObject(file) as unknown as typeof value;
  t.is(found.self, found);
  t.is(found.list[0], found.list);
});

test("what no file can hold is refused by its path, and leaves the old file", (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, "x.pt");
  torch.save({ kept: torch.ones([1]) }, file);
  class Custom {}
  const refused: [unknown, RegExp][] = [
    [{ a: { b: () => 1 } }, /'a\.b': a value of type function/],
    [{ a: [undefined] }, /'a\.0': a value of type undefined/],
    [{ a: new Custom() }, /'a': an object of Custom/],
    [{ a: new Date() }, /'a': an object of Date/],
    [{ a: new Float32Array(2) }, /'a': an object of Float32Array/],
    [new Map([[{}, 1]]), /key of a dict/],
    [{ w: torch.eye(2).toSparse() }, /'w'.*sparse_coo/],
    [{ w: torch.empty([2], { device: "meta" }) }, /'w'.*no data/],
    [{ a: 2n ** 5000n }, /2,040 bits/],
  ];
  let deep: unknown = 0;
  for (let i = 0; i < 2000; i++) deep = [deep];
  refused.push([deep, /levels/]);
  for (const [value, message] of refused) {
    t.throws(() => torch.save(value, file), { instanceOf: TypeError, message });
  }
  t.deepEqual(torch.load(file).kept.toArray(), [1]);
  t.deepEqual(fs.readdirSync(folder), ["x.pt"]);
  t.throws(() => torch.save({}, file, { metadata: { a: "b" } }), { message: /metadata/ });
  t.throws(() => torch.save({}, file, { format: "xml" as "npy" }), { message: /format/ });
});

test("the format can be said; the name says it else", (t) => {
  const folder = temporaryFolder(t);
  const x = torch.ones([2]);
  torch.save({ x }, path.join(folder, "a.bin"));
  torch.save({ x }, path.join(folder, "b"), { format: "pytorch" });
  torch.save({ x }, path.join(folder, "c.pt"), { format: "safetensors" });
  const starts = ["a.bin", "b", "c.pt"].map((name) =>
    fs.readFileSync(path.join(folder, name)).subarray(0, 2).toString("latin1"),
  );
  t.deepEqual(starts.slice(0, 2), ["PK", "PK"]);
  t.not(starts[2], "PK");
  for (const name of ["a.bin", "b", "c.pt"]) t.true(torch.load(path.join(folder, name)).x.equal(x));
});

/** By gzip, whose end has it. */
function crc32(bytes: Uint8Array): number {
  const zipped = zlib.gzipSync(bytes);
  return zipped.readUInt32LE(zipped.length - 8);
}
