import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import * as torch from "../../src/torch";
import { temporaryFolder } from "./support";

// Pickles by hand, in the older layout: magic number, protocol, machine, object, keys of storages.

const magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
const machine = "}X\x0d\0\0\0little_endian\x88s.";
const legacy = (object: string, { keys = "].", system = machine } = {}) =>
  Buffer.from(
    `\x80\x02${magic}\x80\x02M\xe9\x03.\x80\x02${system}\x80\x02${object}\x80\x02${keys}`,
    "latin1",
  );

const byte = (value: number) => String.fromCharCode(value);
const text = (value: string) => `X${byte(value.length)}\0\0\0${value}`;
const storage = (key: string, count: number, type = "torch\nFloatStorage") =>
  `(${text("storage")}c${type}\n${text(key)}${text("cpu")}K${byte(count)}tQ`;
/** A tensor over four numbers of the storage "0". */
const tensorOf = (shape: string, strides: string, offset = "K\0", more = "") =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${storage("0", 4)}${offset}${shape}${strides}\x89}${more}tR`;
const keys = `]${text("0")}a.\x04\0\0\0\0\0\0\0${"\0".repeat(16)}`;

function loading(
  t: ExecutionContext,
  content: Buffer,
  read = torch.load as (file: string) => unknown,
) {
  const file = path.join(temporaryFolder(t), "hostile.pt");
  fs.writeFileSync(file, content);
  return () => torch.scope(() => read(file));
}

function refused(t: ExecutionContext, content: Buffer, message: RegExp) {
  for (const read of [torch.load, torch.loadObject]) {
    const error = t.throws(loading(t, content, read), { instanceOf: torch.TorchError, message });
    t.regex(error.message, /hostile\.pt/);
    t.true(error.message.length < 1500);
  }
}

test("the frame of these tests is what the reader takes", (t) => {
  const { tensor } = loading(
    t,
    legacy(`${tensorOf("K\x04\x85", "K\x01\x85")}.`, { keys }),
  )() as Record<string, torch.Tensor>;
  t.deepEqual(tensor.toArray(), [0, 0, 0, 0]);
});

const wanted: Record<string, [pickle: string, name: RegExp]> = {
  "os.system": [`cposix\nsystem\n(${text("true")}tR.`, /it wants posix\.system/],
  "a name from the stack": [`${text("os")}${text("system")}\x93.`, /it wants os\.system/],
  "Python 2's eval": [`c__builtin__\neval\n(${text("1")}tR.`, /it wants builtins\.eval/],
  "a name beside a known one": ["ctorch._utils\n_import_dotted_name\n.", /_import_dotted_name/],
  "a known name by another way": ["ctorch\n_utils._rebuild_tensor.os\n.", /it wants torch\._utils/],
  "the object's prototype": ["c__proto__\nconstructor\n.", /it wants __proto__\.constructor/],
  "a name without end": [`c${"a".repeat(5000)}\nb\n.`, /it wants a{100,}\.\.\./],
  "numpy's loader": ["cnumpy\nload\n.", /it wants numpy\.load/],
  "a class of an instance": ["(iposix\nsystem\n.", /unknown pickle opcode 0x69/],
  "an extension": ["\x82\x01.", /unknown pickle opcode 0x82/],
};
for (const [name, [pickle, message]] of Object.entries(wanted)) {
  test(`a pickle that wants ${name} is refused`, (t) => {
    refused(t, legacy(pickle), message);
  });
}

const damaged: Record<string, [pickle: string, message: RegExp]> = {
  "calls a text": [`${text("x")}(tR.`, /calls what is no function/],
  "calls a function with no tuple": ["ctorch\nSize\nK\x01R.", /calls what is no function/],
  "calls a class of numbers": ["c__builtin__\nint\n(K\x01tR.", /calls what is no function/],
  "pops from nothing": ["0.", /takes more than it put/],
  "has no mark": ["t.", /no mark/],
  "sets items of a list": ["]K\x01K\x01s.", /what is no dict/],
  "appends to a dict": ["}K\x01a.", /what is no list/],
  "adds to a list": ["](K\x01\x90.", /what is no set/],
  "has a key without a value": ["}(K\x01u.", /without a value/],
  "recalls what is not there": ["h\x05.", /lacks its object 5/],
  "names by a list": [`]${text("x")}\x93.`, /by no string/],
  "has a number of letters": ["Iabc\n.", /damaged number/],
  "has an integer without end": [`\x8b\xff\xff\xff\x7f.`, /cut off/],
  "has an integer of 4,000 bytes": [`\x8b\xa0\x0f\0\0${"\xff".repeat(4000)}.`, /too many digits/],
  "has a text of 4 GB": ["X\xff\xff\xff\xff.", /cut off/],
  "has a text of 2^63 bytes": [`\x8d${"\0".repeat(7)}\x80.`, /cut off/],
  "is of protocol 9": ["\x80\x09N.", /protocol 9/],
  "has a persistent list": ["]Q.", /no.*described as one/],
  "has a module": [`(${text("module")}NNtQ.`, /whole module/],
  "has a device of lists": ["ctorch\ndevice\n(]K\x01tR.", /no text/],
  "has a dtype of lists": ["cnumpy\ndtype\n(]tR.", /no text/],
  "has a set of a number": ["c__builtin__\nset\n(K\x01tR.", /no list/],
  "has pairs of numbers": ["ccollections\nOrderedDict\n(](K\x01etR.", /no pairs/],
};
for (const [name, [pickle, message]] of Object.entries(damaged)) {
  test(`a pickle that ${name} is refused`, (t) => {
    refused(t, legacy(pickle), message);
  });
}

const [four, one] = ["K\x04\x85", "K\x01\x85"];
const tensors: Record<string, [pickle: string, message: RegExp]> = {
  "beyond its storage": [tensorOf("K\x05\x85", one), /beyond its storage/],
  "beyond it by its offset": [tensorOf(four, one, "K\x01"), /beyond its storage/],
  "beyond it by its strides": [tensorOf(four, "K\x02\x85"), /beyond its storage/],
  "of a negative size": [tensorOf("J\xff\xff\xff\xff\x85", one), /not described as one/],
  "of a negative stride": [tensorOf(four, "J\xff\xff\xff\xff\x85"), /not described as one/],
  "of a negative offset": [tensorOf(four, one, "J\xff\xff\xff\xff"), /not described as one/],
  "of a size of text": [tensorOf(`${text("4")}\x85`, one), /not described as one/],
  "of 65 dimensions": [
    tensorOf(`(${"K\x01".repeat(65)}t`, `(${"K\x01".repeat(65)}t`),
    /not described/,
  ],
  "of other strides than dimensions": [tensorOf(four, ")"), /not described as one/],
  "of 2^62 elements": [
    tensorOf("\x8a\x08\0\0\0\0\0\0\0\x40\x85", one),
    /not described as one|beyond its storage/,
  ],
  "over a list": ["ctorch._utils\n_rebuild_tensor_v2\n(]K\0))\x89}tR", /no storage/],
  "over a dtype": [
    "ctorch._utils\n_rebuild_tensor_v2\n(ctorch\nfloat32\nK\0))\x89}tR",
    /no storage/,
  ],
  "over nothing": ["ctorch._utils\n_rebuild_tensor_v2\n(tR", /no storage/],
  "of a subclass": ["ctorch._tensor\n_rebuild_from_type_v2\n(NNNNtR", /subclass/],
  "of quantized elements": [storage("0", 4, "torch\nQInt8Storage"), /quantized/],
};
for (const [name, [pickle, message]] of Object.entries(tensors)) {
  test(`a tensor ${name} is refused`, (t) => {
    refused(t, legacy(`${pickle}.`, { keys }), message);
  });
}

test("storages that are cut off, missing or of no tensor are refused", (t) => {
  const object = `${tensorOf(four, one)}.`;
  refused(t, legacy(object, { keys: keys.slice(0, -1) }), /cut off/);
  refused(t, legacy(object, { keys: "]." }), /storage 0 is missing/);
  refused(t, legacy(object, { keys: `]${text("1")}a.` }), /belongs to no tensor/);
  refused(
    t,
    legacy(object, { keys: `]${text("0")}a.\xff\xff\xff\xff\xff\xff\xff\x7f` }),
    /cut off/,
  );
  refused(t, legacy(object, { keys: `]${text("0")}a.${"\xff".repeat(8)}` }), /cut off/);
});

test("big-endian files are refused", (t) => {
  const system = machine.replace("\x88s", "\x89s");
  refused(t, legacy(`${tensorOf(four, one)}.`, { keys, system }), /big-endian/);
});

test("two tensors of one name are told apart by loadObject alone", (t) => {
  const dict = `}(${text("a.b")}${tensorOf(four, one)}${text("a")}}${text("b")}${tensorOf(four, one)}su.`;
  t.throws(loading(t, legacy(dict, { keys })), { message: /two tensors of the name 'a\.b'/ });
  t.notThrows(loading(t, legacy(dict, { keys }), torch.loadObject));
});

/** What the process grows by while `run` runs, in MiB. */
function growth(run: () => unknown): number {
  const before = process.memoryUsage().rss;
  run();
  return (process.memoryUsage().rss - before) / 2 ** 20;
}

const greedy: Record<string, [pickle: string, message: RegExp]> = {
  "ten million lists": ["]".repeat(1e7), /too many objects/],
  "ten million dicts": ["}".repeat(1e7), /too many objects/],
  "a text encoded again and again": [
    `X\xa0\x86\x01\0${"x".repeat(100_000)}q\x010${"c_codecs\nencode\n(h\x01tR0".repeat(20_000)}N.`,
    /too many objects/,
  ],
  "a list made a set again and again": [
    `](${"K\x01".repeat(50_000)}eq\x010${"c__builtin__\nset\n(h\x01tR0".repeat(20_000)}N.`,
    /too many objects/,
  ],
};
for (const [name, [pickle, message]] of Object.entries(greedy)) {
  test.serial(`${name} take no memory to speak of`, (t) => {
    const content = legacy(pickle);
    const load = loading(t, content);
    const grown = growth(() => t.throws(load, { instanceOf: torch.TorchError, message }));
    t.true(grown < 512 + (2 * content.length) / 2 ** 20, `${grown} MiB`);
  });
}

/** A tuple that holds the one before twice, so often: 2^depth parts, when they are counted. */
const doubled = (depth: number) => `K\x01${"2\x86".repeat(depth)}`;

test("values that are doubled again and again take no time", (t) => {
  const inDict = `}${doubled(60)}K\x01s.`;
  for (const pickle of [`${doubled(60)}.`, inDict]) {
    for (const read of [torch.load, torch.loadObject])
      t.notThrows(loading(t, legacy(pickle), read));
  }
  refused(
    t,
    legacy(`(${text("storage")}ctorch\nFloatStorage\n${doubled(60)}${text("cpu")}K\x01tQ.`),
    /described/,
  );
  refused(t, legacy(`${doubled(60)}${text("x")}\x93.`), /by no string/);
});

test("deep nesting is an error, not the end of the stack", (t) => {
  refused(
    t,
    legacy(`${"]".repeat(50_000)}${"a".repeat(49_999)}.`),
    /nested in more than 1000 levels/,
  );
});

test("objects beyond what V8's heap has room for are an error, not the end of the process", (t) => {
  // A list of four million floats in 36 MB, in a heap that has room for less than one million.
  const floats = Buffer.alloc(9 * 4_000_000);
  for (let at = 0; at < floats.length; at += 9) floats[at] = 0x47; // BINFLOAT
  const pickle = Buffer.concat([Buffer.from([0x80, 2, 0x5d, 0x28]), floats, Buffer.from("e.")]);
  const file = path.join(temporaryFolder(t), "floats.pkl");
  fs.writeFileSync(file, pickle);
  const script = `
    const { checkpointContext } = require("./src/torch/io/pytorch/names");
    const { unpickle } = require("./src/torch/io/unpickler");
    const data = require("node:fs").readFileSync(process.argv[1]);
    try { unpickle(data, 0, checkpointContext(data.length)); } catch (error) { console.log(error.message); }
  `;
  const { stdout, status } = spawnSync(
    process.execPath,
    ["--max-old-space-size=200", "-r", "ts-node/register/transpile-only", "-e", script, file],
    { encoding: "utf8" },
  );
  t.is(status, 0);
  t.regex(stdout, /too many objects: more than \d+ MiB of them.*--max-old-space-size/);
});
