import { join } from "node:path";
import { inspect } from "node:util";
import test from "ava";
import * as torch from "../../src/torch";
import { reference } from "../reference/load";

interface Case {
  readonly tensor: string;
  readonly requiresGrad: boolean;
  readonly text: string;
}

const tensors = reference("torch-printing");
const file = join(__dirname, "../reference/torch-printing.safetensors");
const cases: Case[] = JSON.parse(torch.loadMetadata(file).cases);

for (const { tensor, requiresGrad, text } of cases) {
  test(`prints as PyTorch does: ${tensor}`, (t) => {
    const x = tensors[tensor].clone();
    if (requiresGrad) x.requiresGrad_();
    t.is(`${x}`, text);
    t.is(inspect(x), text);
  });
}

test("what was computed names its function", (t) => {
  const x = torch.tensor([1, 2], { requiresGrad: true });
  t.is(`${x.add(x)}`, "tensor([2., 4.], grad_fn=<AddBackward0>)");
  t.is(`${x.mul(x).sum()}`, "tensor(5., grad_fn=<SumBackward0>)");
  t.is(`${x.mul(2).detach()}`, "tensor([2., 4.])");
});

test("views print what they show", (t) => {
  const x = torch.arange(6).view([2, 3]).t();
  t.is(`${x}`, "tensor([[0, 3],\n        [1, 4],\n        [2, 5]])");
  t.is(`${torch.tensor(1).expand([2])}`, "tensor([1., 1.])");
});

test("printing leaves no tensor and no gradient mode behind", (t) => {
  const x = torch.randn([50, 50], { requiresGrad: true });
  const { tensors: before } = torch.memory();
  t.true(`${x}`.startsWith("tensor(["));
  t.is(torch.memory().tensors, before);
  t.true(torch.isGradEnabled());
});

test("a disposed tensor says so", (t) => {
  const x = torch.ones([2]);
  x.dispose();
  t.regex(`${x}`, /disposed/);
  t.regex(inspect({ x }), /disposed/);
});

test("what has more dimensions than brackets are readable in says so, at once", (t) => {
  const x = torch.zeros(Array(20_000).fill(1));
  t.is(`${x}`, "tensor(..., size=(1, 1, 1, 1, 1, 1, 1, 1, ... 20,000 dimensions))");
  t.throws(() => x.toArray(), { message: /at most 64 dimensions, given 20000/ });
  const error = t.throws(() => x.matmul("x" as never));
  t.true(`${error?.message}`.length < 5000);
  t.is(torch.broadcastShapes(Array(300_000).fill(1), [2]).length, 300_000);
});
