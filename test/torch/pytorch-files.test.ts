import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "ava";
import * as torch from "../../src/torch";

const reference = path.join(__dirname, "..", "reference");
const layouts = ["pytorch-zip.pt", "pytorch-legacy.pt"];

for (const layout of layouts) {
  test(`${layout}: tensors come with names, dtypes, views and values`, (t) => {
    const tensors = torch.load(path.join(reference, layout));
    t.deepEqual(Object.keys(tensors), [
      "state_dict.whole",
      "state_dict.view",
      "state_dict.integers",
      "state_dict.half",
      "state_dict.empty",
      "state_dict.mask",
      "state_dict.learned",
      "more.0",
    ]);
    const { whole, view, integers, half, empty, mask, learned } = Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name.split(".")[1], tensor]),
    );
    const expected = torch.arange(24).float().div(4).reshape(4, 6);
    t.true(whole.equal(expected));
    t.true(view.equal(expected.index(torch.slice(1, 3), torch.slice(null, null, 2))));
    t.deepEqual([integers.dtype, integers.toArray()], ["int64", [0, 1, 2, 3, 4]]);
    t.deepEqual([half.dtype, half.toArray()], ["bfloat16", [1.5, -2, 0.25]]);
    t.deepEqual([empty.dtype, empty.shape], ["float32", [0, 3]]);
    t.deepEqual([mask.dtype, mask.toArray()], ["bool", [true, false]]);
    t.deepEqual(learned.toArray(), [1, 1]);
    t.deepEqual(torch.loadMetadata(path.join(reference, layout)), {});
  });

  test(`${layout}: views share their storage, and writing does not reach the file`, (t) => {
    const file = path.join(reference, layout);
    const before = fs.readFileSync(file);
    const tensors = torch.load(file);
    tensors["state_dict.whole"].fill_(7);
    t.true(tensors["state_dict.view"].eq(7).all().item<boolean>());
    t.true(fs.readFileSync(file).equals(before));
  });

  test(`${layout}: a damaged file is refused or read, and never more`, (t) => {
    const original = fs.readFileSync(path.join(reference, layout));
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "adaptune-"));
    const file = path.join(folder, "damaged.pt");
    const next = generator(1);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const damaged = Buffer.from(original);
      for (let i = 0; i <= next(4); i++) damaged[next(damaged.length)] = next(256);
      const length = next(5) === 0 ? next(damaged.length) : damaged.length;
      fs.writeFileSync(file, damaged.subarray(0, length));
      try {
        torch.scope(() => Object.values(torch.load(file)).map((tensor) => tensor.clone()));
      } catch (error) {
        refused += 1;
        if (!(error instanceof torch.TorchError)) throw error;
        t.true(error.message.includes(file), error.message);
      }
    }
    fs.rmSync(folder, { recursive: true });
    t.true(refused > 40, `${refused} refused`);
  });
}

test("a pickle that would run code is refused by the name it asks for", (t) => {
  const error = t.throws(() => torch.load(path.join(reference, "pytorch-hostile.pt")), {
    instanceOf: torch.TorchError,
  });
  t.regex(error.message, /pytorch-hostile\.pt .*it wants (posix|nt)\.system/);
});

/** Whole numbers below a limit, the same ones each time. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
