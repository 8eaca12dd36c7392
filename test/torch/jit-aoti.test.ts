import { spawnSync } from "node:child_process";
import path from "node:path";
import test from "ava";
import * as torch from "../../src/torch";
import { temporaryFolder } from "./support";

const script = path.join(__dirname, "..", "reference", "torch-compiled.py");
const version = torch.version.split("+")[0];

/** A Python with this version of torch compiles a package; null where there is none. */
function compile(file: string): string | null {
  const python = [process.env.ADAPTUNE_PYTHON, "python3"].find((name) => name && hasTorch(name));
  if (!python) return null;
  const { status, stderr } = spawnSync(python, [script, file], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return file;
}

function hasTorch(python: string): boolean {
  const print = "import torch; print(torch.__version__)";
  const { status, stdout } = spawnSync(python, ["-c", print], { encoding: "utf8" });
  return status === 0 && stdout.split("+")[0].trim() === version;
}

test("a package that AOTInductor compiled is loaded and run", (t) => {
  const file = compile(path.join(temporaryFolder(t), "model.pt2"));
  if (!file) {
    t.log(
      `skipped: neither ADAPTUNE_PYTHON nor python3 has torch ${version} to compile a package with`,
    );
    t.pass();
    return;
  }
  const model = torch.inductor.load(file);
  const [x, y] = [torch.ones([4, 3]), torch.full([4, 2], 0.5)];
  const [sum, twice] = model.run(x, y);
  t.deepEqual(
    sum.toArray(),
    [1, 2, 3, 4].map(() => [3.5, 12.5]),
  );
  t.true(twice.eq(1).all().item<boolean>());
  t.false(sum.requiresGrad);

  const constants = model.constantNames();
  t.deepEqual(constants, ["layer.weight"]);
  t.is(model.metadata().AOTI_DEVICE_KEY, "cpu");
  t.is(model.callSpec().length, 2);
  model.loadConstants({ "layer.weight": torch.zeros([2, 3]) });
  t.true(model.run(x, y)[0].eq(0.5).all().item<boolean>());

  const wrong: [() => unknown, RegExp][] = [
    [() => model.run(x), /expected 2 tensors, given 1/],
    [() => model.run(torch.ones([4, 4]), y), /expected: 3, but got: 4/],
    [() => model.run(x.double(), y), /dtype/],
    [() => model.loadConstants({}), /'layer\.weight' is missing/],
    [() => model.loadConstants({ "layer.weight": torch.ones([1]) }), /\[2, 3\]/],
    [() => torch.inductor.load(file, { name: "other" }), /no compiled 'other'/],
    [() => torch.load(file), /torch\.inductor\.load\(path\)/],
  ];
  for (const [call, message] of wrong) t.throws(call, { instanceOf: torch.TorchError, message });
  t.throws(() => model.run(x, 3 as unknown as torch.Tensor), { instanceOf: TypeError });
});

test("files of other kinds are refused by name", (t) => {
  const other = path.join(__dirname, "..", "reference", "torch-script.pt");
  for (const file of [other, __filename]) {
    t.throws(() => torch.inductor.load(file), {
      instanceOf: torch.TorchError,
      message: new RegExp(`${path.basename(file)} holds no compiled 'model'`),
    });
  }
  t.throws(() => torch.inductor.load("/no/such/file"), { code: "ENOENT" });
  const loose = torch.inductor.load as (...args: unknown[]) => unknown;
  t.throws(() => loose(3), { instanceOf: TypeError });
  t.throws(() => loose(other, { model: "x" }), { message: /'model'/ });
});
