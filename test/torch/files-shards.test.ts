import fs from "node:fs";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import * as torch from "../../src/torch";
import { temporaryFolder } from "./support";

const parts = {
  a: { "layer.0": torch.full([2], 1), "layer.1": torch.full([2], 2) },
  b: { head: torch.full([3], 3) },
};

/** A folder with two files and their index; `map` replaces the index's. */
function checkpoint(t: ExecutionContext, ending: "safetensors" | "bin", map?: unknown): string {
  const folder = temporaryFolder(t);
  const stem = ending === "bin" ? "pytorch_model" : "model";
  const names = { a: `${stem}-00001-of-00002.${ending}`, b: `${stem}-00002-of-00002.${ending}` };
  for (const part of ["a", "b"] as const) torch.save(parts[part], path.join(folder, names[part]));
  const weightMap = map ?? { "layer.0": names.a, "layer.1": names.a, head: names.b };
  const index = { metadata: { total_size: 28 }, weight_map: weightMap };
  fs.writeFileSync(path.join(folder, `${stem}.${ending}.index.json`), JSON.stringify(index));
  return folder;
}

for (const ending of ["safetensors", "bin"] as const) {
  test(`${ending}: a folder and its index give the tensors of all files`, (t) => {
    const folder = checkpoint(t, ending);
    const [index] = fs.readdirSync(folder).filter((name) => name.endsWith(".index.json"));
    for (const where of [folder, path.join(folder, index)]) {
      const tensors = torch.load(where);
      t.deepEqual(Object.keys(tensors), ["layer.0", "layer.1", "head"]);
      t.deepEqual(tensors.head.toArray(), [3, 3, 3]);
      t.deepEqual(tensors["layer.1"].toArray(), [2, 2]);
    }
  });
}

test("a folder with one file needs no index", (t) => {
  const folder = temporaryFolder(t);
  torch.save({ x: torch.ones([1]) }, path.join(folder, "model.safetensors"));
  t.deepEqual(Object.keys(torch.load(folder)), ["x"]);
  const empty = temporaryFolder(t);
  t.throws(() => torch.load(empty), { message: /none of model\.safetensors/ });
});

const one = "model-00001-of-00002.safetensors";
const two = "model-00002-of-00002.safetensors";
const wrong: Record<string, [unknown, RegExp]> = {
  "a file that is missing": [
    { "layer.0": one, "layer.1": one, head: "model-00003.safetensors" },
    /1 of its 2 files are not beside it: model-00003\.safetensors/,
  ],
  "a tensor that is missing": [
    { "layer.0": one, "layer.1": one, head: two, tail: two },
    /'tail' should be in model-00002.*in none of its files/,
  ],
  "a tensor in another file": [
    { "layer.0": one, "layer.1": two, head: two },
    /'layer\.1' should be in model-00002.*is in model-00001/,
  ],
  "a file elsewhere": [{ head: "../secret.safetensors" }, /no file beside it/],
  "an absolute file": [{ head: "/etc/passwd" }, /no file beside it/],
  "a folder": [{ head: ".." }, /no file beside it/],
  "an index in itself": [{ head: "model.safetensors.index.json" }, /no file beside it/],
  "no text for a file": [{ head: 3 }, /is in 3/],
  "no map": ["x", /weight_map/],
};
for (const [name, [map, message]] of Object.entries(wrong)) {
  test(`an index with ${name} is refused`, (t) => {
    const folder = checkpoint(t, "safetensors", map);
    const error = t.throws(() => torch.load(folder), { instanceOf: torch.TorchError, message });
    t.true(error.message.includes("model.safetensors.index.json"));
  });
}

test("a tensor in two files is refused with both names", (t) => {
  const folder = checkpoint(t, "safetensors");
  torch.save({ ...parts.b, "layer.0": torch.ones([2]) }, path.join(folder, two));
  t.throws(() => torch.load(folder), {
    instanceOf: torch.TorchError,
    message: new RegExp(`'layer\\.0' is in two files: ${one} and ${two}`),
  });
});

test("a damaged file of several is named", (t) => {
  const folder = checkpoint(t, "safetensors");
  fs.truncateSync(path.join(folder, two), 60);
  t.throws(() => torch.load(folder), { instanceOf: torch.TorchError, message: new RegExp(two) });
});

test("an index that is no JSON is refused", (t) => {
  const folder = checkpoint(t, "safetensors");
  const index = path.join(folder, "model.safetensors.index.json");
  for (const text of ["{", "[]", "null", '{"weight_map": []}']) {
    fs.writeFileSync(index, text);
    t.throws(() => torch.load(index), { instanceOf: torch.TorchError, message: /index\.json/ });
  }
});
