import { join } from "node:path";
import test from "ava";
import * as torch from "../../src/torch";
import { numbers, temporaryFolder } from "./support";

const files = ["safetensors", "pt"].map((ending) =>
  join(__dirname, `../reference/torch-narrow-floats.${ending}`),
);
const [python] = files;
const expected = torch.load(python);
const texts = torch.loadMetadata(python);

const eight = [
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
  "float8_e8m0fnu",
] as const;
const four = "float4_e2m1fn_x2";

for (const dtype of eight) {
  test(`${dtype} has PyTorch's numbers, text and size`, (t) => {
    const x = expected[dtype];
    t.is(x.dtype, dtype);
    t.deepEqual(numbers(x), numbers(expected[`${dtype}.values`]));
    t.is(`${x.index(0, torch.slice(0, 3))}`, texts[`${dtype}.text`]);
    t.is(x.itemsize, 1);
    const back = expected[`${dtype}.values`].to(dtype);
    const isNumber = (_: number, n: number) => !Number.isNaN(numbers(x)[n]);
    const bits = (of: torch.Tensor) => numbers(of.view("uint8")).filter(isNumber);
    t.deepEqual(bits(back), bits(x));
    t.is(torch.tensor([1], { dtype }).item(), 1);
  });
}

test("float4_e2m1fn_x2 has two numbers a byte, shown as their bytes", (t) => {
  const x = expected[four];
  t.deepEqual([x.dtype, x.shape, x.itemsize], [four, [2, 4], 1]);
  t.is(`${x.index(0, torch.slice(0, 3))}`, texts[`${four}.text`]);
  t.deepEqual(x.toArray(), [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
  const same = torch.tensor(x.toTypedArray(), { dtype: four, shape: [2, 4] });
  t.true(torch.equal(same.view("uint8"), x.view("uint8")));
  t.throws(() => torch.tensor([1], { dtype: four }), { name: "TorchError" });
});

for (const file of files) {
  const ending = file.slice(file.lastIndexOf("."));
  test(`${ending} files hold them, Python's and ours`, (t) => {
    const ours = join(temporaryFolder(t), `ours${ending}`);
    const names: torch.DType[] = [...eight, four];
    const tensors = Object.fromEntries(names.map((name) => [name, expected[name]]));
    torch.save(tensors, ours);
    for (const loaded of [torch.load(file), torch.load(ours)]) {
      for (const name of names) {
        t.is(loaded[name].dtype, name);
        t.deepEqual(loaded[name].shape, expected[name].shape);
        t.deepEqual(
          loaded[name].view("uint8").toTypedArray(),
          expected[name].view("uint8").toTypedArray(),
        );
      }
    }
  });
}

test("a safetensors file counts numbers of float4, which needs a dimension", (t) => {
  const ours = join(temporaryFolder(t), "ours.safetensors");
  const one = torch.tensor(new Uint8Array([1]), { dtype: four });
  torch.save({ one }, ours);
  t.deepEqual(torch.load(ours).one.shape, [1]);
  t.throws(() => torch.save({ one: one.squeeze(0) }, ours), { message: /'one'.*no dimension/ });
});
