import fs from "node:fs";
import path from "node:path";
import test from "ava";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { readEntry, zipEntries } from "../../src/torch/io/zip";
import { temporaryFolder } from "./support";

const reference = path.join(__dirname, "..", "reference");
const numbers = [
  [0, 1, 3],
  [7, 100, 2],
];

/** The .npy files that the reference script put into an archive, by name. */
function others(): Map<string, Buffer> {
  const descriptor = fs.openSync(path.join(reference, "torch-numpy-others.zip"), "r");
  const { size } = fs.fstatSync(descriptor);
  const files = [...zipEntries(descriptor, size)].map(
    ([name, entry]) => [name, readEntry(descriptor, entry, size)] as const,
  );
  fs.closeSync(descriptor);
  return new Map(files);
}

/** A file of numpy's format with this header and these elements. */
function npy(header: string, data: Buffer = Buffer.alloc(0), version = 1): Buffer {
  const text = Buffer.from(`${header}\n`);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY", "latin1"),
    Buffer.from([version, 0]),
    length,
    text,
    data,
  ]);
}

for (const file of ["torch-numpy.npz", "torch-numpy-compressed.npz"]) {
  test(`${file}: arrays of every dtype are read`, (t) => {
    const { scalar, empty, fortran, vector, ...arrays } = torch.load(path.join(reference, file));
    t.is(Object.keys(arrays).length, 14);
    for (const [name, array] of Object.entries(arrays)) {
      t.is(array.dtype, name as DType);
      if (name === "bool")
        t.deepEqual(array.long().toArray(), [
          [0, 1, 1],
          [1, 1, 1],
        ]);
      else if (array.isComplex()) t.deepEqual(torch.real(array).toArray(), numbers);
      else t.deepEqual(array.float().toArray(), numbers, name);
    }
    t.deepEqual([scalar.shape, scalar.item(), empty.shape], [[], 2.5, [0, 3]]);
    t.true(fortran.equal(torch.arange(24).float().view(2, 3, 4)));
    t.deepEqual(fortran.strides, [1, 2, 6]);
    t.deepEqual([vector.dtype, vector.toArray()], ["int64", [0, 1, 2, 3, 4]]);
  });
}

test("versions 1 to 3 of the header are read", (t) => {
  const folder = temporaryFolder(t);
  for (const version of [1, 2, 3]) {
    const file = path.join(folder, "x.npy");
    fs.writeFileSync(file, others().get(`version-${version}.npy`)!);
    const { tensor } = torch.load(file);
    t.true(tensor.equal(torch.arange(24).float().view(2, 3, 4)));
    t.true((torch.loadObject(file) as Tensor).equal(tensor));
  }
});

const refused: Record<string, RegExp> = {
  object: /Python objects/,
  structured: /structs/,
  "big-endian": /big-endian.*newbyteorder/,
  text: /'<U2'/,
  longdouble: /'<f16'/,
  datetime: /'<M8\[s\]'/,
};
for (const [name, message] of Object.entries(refused)) {
  test(`arrays of ${name} are refused`, (t) => {
    const file = path.join(temporaryFolder(t), "refused.npy");
    fs.writeFileSync(file, others().get(`${name}.npy`)!);
    t.throws(() => torch.load(file), { instanceOf: torch.TorchError, message });
    t.throws(() => torch.load(file), { message: /refused\.npy/ });
  });
}

const float = (shape: string, more = "") =>
  `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}${more}}`;
const damaged: Record<string, Buffer> = {
  "a version of 9": npy(float("(1,)"), Buffer.alloc(4), 9),
  "a header that calls": npy("__import__('os').system('true')"),
  "a header of code in its shape": npy(float("(1+1,)"), Buffer.alloc(8)),
  "no end": npy("{'descr': '<f4'"),
  "a list for a header": npy("[1, 2]"),
  "a negative size": npy(float("(-1,)")),
  "a size beyond 2^53": npy(float("(99999999999999999,)")),
  "a shape that overflows": npy(float("(4294967296, 4294967296, 4294967296)")),
  "65 dimensions": npy(float(`(${"1,".repeat(65)})`), Buffer.alloc(4)),
  "no shape": npy("{'descr': '<f4', 'fortran_order': False}"),
  "no order": npy("{'descr': '<f4', 'shape': ()}", Buffer.alloc(4)),
  "more after the dict": npy(float("()", "} {"), Buffer.alloc(4)),
  "nested tuples": npy(float(`${"(".repeat(5000)}`)),
  "an escape": npy("{'descr': '<f\\x34', 'fortran_order': False, 'shape': ()}", Buffer.alloc(4)),
  "too few elements": npy(float("(3,)"), Buffer.alloc(8)),
  "too many elements": npy(float("(3,)"), Buffer.alloc(16)),
  "a header that is cut off": npy(float("(1,)")).subarray(0, 30),
  "nothing but the magic": Buffer.from("\x93NUMPY\x01\0", "latin1"),
  "a header of 4 GB": Buffer.from("\x93NUMPY\x02\0\xff\xff\xff\xff{}", "latin1"),
};
for (const [name, bytes] of Object.entries(damaged)) {
  test(`a file with ${name} is refused`, (t) => {
    const file = path.join(temporaryFolder(t), "damaged.npy");
    fs.writeFileSync(file, bytes);
    const error = t.throws(() => torch.load(file), { instanceOf: torch.TorchError });
    t.regex(error.message, /damaged\.npy/);
    t.true(error.message.length < 400, error.message);
  });
}

test("what is written is read again, and starts aligned", (t) => {
  const folder = temporaryFolder(t);
  const arrays = torch.load(path.join(reference, "torch-numpy.npz"));
  torch.save(arrays, path.join(folder, "all.npz"));
  const found = torch.load(path.join(folder, "all.npz"));
  t.deepEqual(Object.keys(found), Object.keys(arrays));
  for (const [name, array] of Object.entries(arrays)) {
    t.deepEqual([found[name].dtype, found[name].shape], [array.dtype, array.shape]);
    t.deepEqual(found[name].toTypedArray(), array.toTypedArray(), name);
    const file = path.join(folder, "one.npy");
    torch.save(array, file);
    t.deepEqual(torch.load(file).tensor.toTypedArray(), array.toTypedArray(), name);
  }
  torch.save(torch.ones([2, 3]).t(), path.join(folder, "x.npy"));
  const bytes = fs.readFileSync(path.join(folder, "x.npy"));
  t.is(bytes.length, 128 + 24);
  const header = bytes.toString("latin1", 10, 128);
  t.regex(header, /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(3, 2,\), \} *\n$/);
});

test("what numpy has no type for is not written", (t) => {
  const folder = temporaryFolder(t);
  const half = torch.ones([1], { dtype: "bfloat16" });
  t.throws(() => torch.save(half, path.join(folder, "x.npy")), { message: /bfloat16/ });
  t.throws(() => torch.save({ half }, path.join(folder, "x.npz")), { message: /bfloat16/ });
  t.throws(() => torch.save({ half }, path.join(folder, "x.npy")), {
    message: /expected a Tensor/,
  });
  t.deepEqual(fs.readdirSync(folder), []);
});

test("compressed arrays beyond the limit are refused before they are made", (t) => {
  const file = path.join(reference, "torch-numpy-compressed.npz");
  const message = /maximalBytes/;
  t.throws(() => torch.load(file, { maximalBytes: 100 }), {
    instanceOf: torch.TorchError,
    message,
  });
});
