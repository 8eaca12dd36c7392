import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { reference } from "../reference/load";
import { temporaryFolder } from "./support";

const python = join(__dirname, "../reference/torch-files.safetensors");
const metadata = { format: "pt", note: 'naïve ✓ "quoted"\n' };
const key = 'ключ 🔑 "quoted"';

/** What the reference script wrote, as it wrote it. */
const expected: Record<string, Tensor> = {
  float64: torch.tensor(
    [
      [0.1, -2.5],
      [1e300, 5e-324],
    ],
    { dtype: "float64" },
  ),
  float32: torch.tensor([0.1, -0, 3e38]),
  float16: torch.tensor([0.1, 65504, -1], { dtype: "float16" }),
  bfloat16: torch.tensor([0.1, 3e38, -1], { dtype: "bfloat16" }),
  int64: torch.tensor([2n ** 62n, -(2n ** 62n), 0n]),
  int32: torch.tensor([[2 ** 31 - 1], [-(2 ** 31)]], { dtype: "int32" }),
  int16: torch.tensor([32767, -32768, 1], { dtype: "int16" }),
  int8: torch.tensor([127, -128, 1], { dtype: "int8" }),
  uint8: torch.tensor([255, 0, 7], { dtype: "uint8" }),
  bool: torch.tensor([[true, false, true]]),
  scalar: torch.tensor(2.5),
  empty: torch.zeros([0, 3]),
  "layers.0.weight": torch.arange(24, { dtype: "float32" }).view([2, 3, 4]),
  [key]: torch.tensor([1]),
};

const header = (path: string) => {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  return { bytes, length, json: JSON.parse(bytes.toString("utf8", 8, 8 + length)) };
};

test("a file of the format's own library reads the same", (t) => {
  const loaded = torch.load(python);
  t.deepEqual(Object.keys(loaded).sort(), Object.keys(expected).sort());
  for (const [name, tensor] of Object.entries(expected)) {
    t.is(loaded[name].dtype, tensor.dtype, name);
    t.deepEqual(loaded[name].shape, tensor.shape, name);
    t.true(torch.equal(loaded[name], tensor), name);
  }
  t.deepEqual(torch.loadMetadata(python), metadata);
});

test("what is saved comes back, bit by bit", (t) => {
  const path = join(temporaryFolder(t), "all.safetensors");
  torch.save(expected, path, { metadata });
  const loaded = torch.load(path);
  t.deepEqual(Object.keys(loaded).sort(), Object.keys(expected).sort());
  for (const [name, tensor] of Object.entries(expected)) {
    t.deepEqual([loaded[name].dtype, loaded[name].shape], [tensor.dtype, tensor.shape], name);
    t.deepEqual(loaded[name].toTypedArray(), tensor.toTypedArray(), name);
  }
  t.deepEqual(torch.loadMetadata(path), metadata);
});

test("the file is what the format says: aligned, without gaps, in row-major order", (t) => {
  const path = join(temporaryFolder(t), "all.safetensors");
  torch.save(expected, path, { metadata });
  const { bytes, length, json } = header(path);
  t.is((8 + length) % 8, 0);
  t.deepEqual(json.__metadata__, metadata);
  const entries = Object.entries(json).filter(([name]) => name !== "__metadata__") as [
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] },
  ][];
  let end = 0;
  for (const [name, { shape, data_offsets: offsets }] of entries) {
    t.deepEqual(shape, expected[name].shape);
    t.is(offsets[0], end, name);
    end = offsets[1];
  }
  t.is(8 + length + end, bytes.length);
  t.is(json.bfloat16.dtype, "BF16");
  t.is(json.bool.dtype, "BOOL");
});

test("views, strides, expansions and graphs are saved as what they show", (t) => {
  const path = join(temporaryFolder(t), "views.safetensors");
  const base = torch.arange(12, { dtype: "float32" }).view([3, 4]);
  const views: Record<string, Tensor> = {
    transposed: base.t(),
    column: base.select(1, 2),
    stepped: base.slice(1, 0, null, 2),
    expanded: torch.tensor(3).expand([2, 2]),
    trained: torch.ones([2], { requiresGrad: true }),
    computed: torch.ones([2], { requiresGrad: true }).mul(4),
  };
  torch.save(views, path);
  const loaded = torch.load(path);
  for (const [name, view] of Object.entries(views)) {
    t.deepEqual(loaded[name].toArray(), view.toArray(), name);
    t.false(loaded[name].requiresGrad);
  }
  t.deepEqual(torch.loadMetadata(path), {});
});

test("what is loaded can be changed, the file stays", (t) => {
  const path = join(temporaryFolder(t), "x.safetensors");
  torch.save({ x: torch.zeros([4]) }, path);
  const before = readFileSync(path);
  const { x } = torch.load(path);
  x.add_(1);
  x.requiresGrad_().mul(2).sum().backward();
  t.deepEqual(x.toArray(), [1, 1, 1, 1]);
  t.deepEqual(torch.load(path).x.toArray(), [0, 0, 0, 0]);
  t.deepEqual(readFileSync(path), before);
});

test("saving replaces a file as a whole, also the one that is loaded", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "x.safetensors");
  torch.save({ x: torch.ones([1000]) }, path);
  const old = torch.load(path).x;
  torch.save({ x: old.mul(2), y: old }, path);
  t.is(old.sum().item(), 1000);
  t.is(torch.load(path).x.sum().item(), 2000);
  t.deepEqual(readdirSync(folder), ["x.safetensors"]);
});

test("a save that fails leaves the old file and nothing else", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "x.safetensors");
  torch.save({ x: torch.ones([2]) }, path);
  const gone = torch.ones([2]);
  gone.dispose();
  t.throws(() => torch.save({ x: torch.zeros([2]), gone }, path), { message: /gone|disposed/ });
  t.throws(() => torch.save({ x: 3 as unknown as Tensor }, path), { message: /x/ });
  t.deepEqual(torch.load(path).x.toArray(), [1, 1]);
  t.deepEqual(readdirSync(folder), ["x.safetensors"]);
  t.throws(() => torch.save({ x: torch.ones([1]) }, join(folder, "none", "x")), {
    message: /none/,
  });
});

test("wrong records and metadata are refused", (t) => {
  const path = join(temporaryFolder(t), "x.safetensors");
  const save = torch.save as (...args: unknown[]) => void;
  const x = torch.ones([1]);
  t.throws(() => save({ __metadata__: x }, path), { message: /__metadata__/ });
  t.throws(() => save({ x }, path, { metadata: { epoch: 3 } }), { message: /metadata|epoch/ });
  t.throws(() => save(x, path), { message: /save/ });
  t.throws(() => save(null, path), { message: /save/ });
  t.throws(() => save({ x }, 3), { message: /save/ });
  t.throws(() => save({ x: torch.viewAsComplex(torch.ones([1, 2])), y: x.toSparse() }, path));
  t.throws(() => statSync(path));
});

test("an empty record is a file too", (t) => {
  const path = join(temporaryFolder(t), "none.safetensors");
  torch.save({}, path, { metadata: { only: "this" } });
  t.deepEqual(Object.keys(torch.load(path)), []);
  t.deepEqual(torch.loadMetadata(path), { only: "this" });
});

test("tensors of a file outlive each other, and the scope counts them", (t) => {
  const { tensors: before } = torch.memory();
  const weight = torch.scope(() => torch.load(python)["layers.0.weight"]);
  t.is(torch.memory().tensors, before + 1);
  t.is(weight.sum().item(), 276);
});

/** A file of a header and so many bytes of data. */
const build = (header: unknown, dataBytes = 8, padding = "") => {
  const text = (typeof header === "string" ? header : JSON.stringify(header)) + padding;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text), Buffer.alloc(dataBytes)]);
};
const entry = (changes: object = {}) => ({
  x: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...changes },
});
const lengthOf = (value: bigint, rest = 0) => {
  const bytes = Buffer.alloc(8 + rest);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const invalid: Record<string, Buffer> = {
  "no byte": Buffer.alloc(0),
  "half a length": Buffer.alloc(5),
  "a length and no header": lengthOf(2n),
  "a length of zero": lengthOf(0n, 8),
  "a length beyond the file": lengthOf(1000n, 50),
  "a length beyond 2^53": lengthOf(2n ** 63n, 50),
  "a length of all ones": lengthOf(2n ** 64n - 1n, 50),
  "a header that is no JSON": build("{x: 1}"),
  "a header that is an array": build("[]"),
  "a header that is null": build("null"),
  "a header of broken text": Buffer.concat([lengthOf(4n), Buffer.from([0x7b, 0xff, 0xfe, 0x7d])]),
  "a truncated header": build('{"x":{"dtype":"F32","shape":[2],'),
  "an entry that is none": build({ x: 3 }),
  "no dtype": build(entry({ dtype: undefined })),
  "an unknown dtype": build(entry({ dtype: "F33" })),
  "a dtype that is no string": build(entry({ dtype: 32 })),
  "a dtype of an object's own": build(entry({ dtype: "constructor" })),
  "no shape": build(entry({ shape: undefined })),
  "a negative shape": build(entry({ shape: [-2] })),
  "two negative shapes": build(entry({ shape: [-2, -1] })),
  "a shape of fractions": build(entry({ shape: [0.5, 4] })),
  "a shape of strings": build(entry({ shape: ["2"] })),
  "a shape that overflows": build(entry({ shape: [2 ** 40, 2 ** 40], data_offsets: [0, 0] })),
  "no offsets": build(entry({ data_offsets: undefined })),
  "one offset": build(entry({ data_offsets: [0] })),
  "negative offsets": build(entry({ data_offsets: [-8, 0] })),
  "offsets the other way": build(entry({ data_offsets: [8, 0] })),
  "offsets of fractions": build(entry({ data_offsets: [0.5, 8.5] })),
  "offsets beyond the file": build(entry({ data_offsets: [8, 16] }), 8),
  "offsets beyond 2^53": build(entry({ data_offsets: [2 ** 60, 2 ** 60 + 8] })),
  "fewer bytes than the shape": build(entry({ shape: [3] })),
  "more bytes than the shape": build(entry({ shape: [1] })),
  "truncated data": build(entry(), 7),
  "data after the last tensor": build(entry(), 64),
  "a gap between tensors": build(
    { ...entry(), y: { dtype: "U8", shape: [1], data_offsets: [9, 10] } },
    10,
  ),
  "overlapping tensors": build(
    { ...entry(), y: { dtype: "F32", shape: [2], data_offsets: [4, 12] } },
    12,
  ),
  "metadata that is no object": build({ ...entry(), __metadata__: "x" }),
  "metadata that is no string": build({ ...entry(), __metadata__: { a: 1 } }),
};

for (const [name, bytes] of Object.entries(invalid)) {
  test(`a file with ${name} is refused`, (t) => {
    const path = join(temporaryFolder(t), "invalid.safetensors");
    writeFileSync(path, bytes);
    const error = t.throws(() => torch.load(path), { instanceOf: torch.TorchError });
    t.regex(error!.message, /invalid\.safetensors/);
    t.true(error!.message.length < 500, error!.message);
  });
}

test("a header beyond the format's limit is refused before it is read", (t) => {
  const path = join(temporaryFolder(t), "huge.safetensors");
  writeFileSync(path, Buffer.concat([lengthOf(100_000_001n), Buffer.from("{")]));
  truncateSync(path, 200_000_000);
  t.throws(() => torch.load(path), { instanceOf: torch.TorchError, message: /huge/ });
});

test("paths that hold no file are refused by name", (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "a-folder"));
  for (const name of ["missing.safetensors", "a-folder"]) {
    for (const read of [torch.load, torch.loadMetadata]) {
      t.throws(() => read(join(folder, name)), { message: new RegExp(name) });
    }
  }
  const load = torch.load as (path: unknown) => unknown;
  for (const path of [undefined, null, 3, {}]) t.throws(() => load(path), { message: /load/ });
});

test("what is no file is refused, and never waited for", async (t) => {
  const folder = temporaryFolder(t);
  const path = (name: string) => join(folder, name);
  execFileSync("mkfifo", [path("pipe.safetensors"), path("pipe.pt"), path("pipe.index.json")]);
  const server = createServer();
  await new Promise((listening) => server.listen(path("socket.npz"), () => listening(null)));
  const kinds: [string, RegExp][] = [
    [path("pipe.safetensors"), /pipe\.safetensors is a pipe/],
    [path("pipe.pt"), /pipe\.pt is a pipe/],
    [path("socket.npz"), /socket\.npz is a socket/],
    ["/dev/zero", /zero is a device/],
  ];
  const readers = [torch.load, torch.loadObject, torch.loadMetadata, torch.jit.load];
  for (const [file, message] of kinds) {
    for (const read of [...readers, torch.inductor.load]) t.throws(() => read(file), { message });
  }
  t.throws(() => torch.load(path("pipe.index.json")), { message: /index\.json is a pipe/ });
  t.throws(() => torch.jit.load(folder), { message: /is a folder/ });
  await new Promise((closed) => server.close(closed));
});

test("a name that objects have by themselves is a name like any other", (t) => {
  const path = join(temporaryFolder(t), "names.safetensors");
  writeFileSync(path, build('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'));
  const loaded = torch.load(path);
  t.deepEqual(Object.keys(loaded), ["__proto__"]);
  t.is(({} as { dtype?: string }).dtype, undefined);
});

test("headers may be padded, and entries in any order", (t) => {
  const path = join(temporaryFolder(t), "padded.safetensors");
  const entries = { y: { dtype: "U8", shape: [], data_offsets: [8, 9] }, ...entry() };
  writeFileSync(path, build(entries, 9, "   "));
  const { x, y } = torch.load(path);
  t.deepEqual([x.toArray(), y.toArray()], [[0, 0], 0]);
});

test("the references load too", (t) => {
  t.true(Object.keys(reference("nn")).length > 20);
});
