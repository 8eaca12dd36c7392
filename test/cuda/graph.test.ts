import { Linear } from "../../src/nn";
import { AdamW } from "../../src/optim";
import * as torch from "../../src/torch";
import { cudaRecorder } from "../../src/train/recorder";
import { Trainer } from "../../src/train/trainer";
import { same } from "../torch/support";
import { staticVariation, tinyModel, tinyRecipe, unevenTask } from "../train/support";
import { cudaTest } from "./support";

const { cuda } = torch;

cudaTest("a graph does its work again on what its inputs hold", (t) => {
  const x = torch.ones([64, 64], { device: "cuda" });
  const graph = cuda.graph(() => x.matmul(x).add(1));
  for (const value of [1, 2, 0.5]) {
    x.fill_(value);
    same(t, graph.replay().cpu(), torch.full([64, 64], 64 * value * value + 1), `${value}`);
  }
  t.is(graph.result.isDisposed, false);
  graph.reset();
  t.throws(() => graph.replay(), { instanceOf: torch.TorchError });
});

cudaTest("fused operators of fixed decisions are recorded with them", (t) => {
  const { split_samples, route_blend } = torch.ops.adaptune as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  const choice = [1, 0, 1, 0];
  const x = torch.randn([4, 32], { device: "cuda" });
  const gate = torch
    .oneHot(torch.tensor(choice, { dtype: "int64" }), 2)
    .float()
    .cuda();
  const run = () => {
    const parts = split_samples(x, choice, 2) as torch.Tensor[];
    const done = parts.map((part, k) => part.mul(k + 2));
    return route_blend(
      gate,
      done,
      done.map(() => torch.empty([0], { device: "cuda" })),
      choice,
    ) as torch.Tensor;
  };
  const graph = cuda.graph(run);
  x.copy_(torch.randn([4, 32]));
  const expected = torch.tensor([3, 2, 3, 2]).unsqueeze(1).mul(x.cpu());
  same(t, graph.replay().cpu(), expected, "blend");
});

cudaTest("a step of training is recorded whole", (t) => {
  const plain = new Linear(16, 4).to("cuda");
  const recorded = plain.clone();
  const inputs = Array.from({ length: 4 }, () => torch.randn([8, 16], { device: "cuda" }));
  const x = inputs[0].clone();
  const step = (module: Linear, input: torch.Tensor) => {
    const loss = module.forward(input).square().mean();
    loss.backward();
    return loss;
  };
  const clear = (module: Linear) => {
    for (const parameter of module.parameters()) parameter.grad = null;
  };
  const graph = cuda.graph(() => {
    clear(recorded);
    return step(recorded, x);
  });
  const [own, other] = [plain, recorded].map(
    (module) => new AdamW(module.parameters(), { lr: 0.1 }),
  );
  for (const input of inputs) {
    clear(plain);
    const loss = torch.scope(() => step(plain, input));
    own.step();
    x.copy_(input);
    same(t, graph.replay().cpu(), loss.cpu(), "loss");
    other.step();
  }
  for (const [n, parameter] of plain.parameters().entries()) {
    same(t, recorded.parameters()[n].detach().cpu(), parameter.detach().cpu(), `parameter ${n}`);
  }
});

cudaTest("what can not be recorded says why, and CUDA goes on", (t) => {
  const x = torch.ones([4], { device: "cuda" });
  const error = t.throws(() => cuda.graph(() => x.sum().item(), { warmup: 1 }), {
    instanceOf: torch.TorchError,
  })!;
  t.regex(error.message, /torch\.cuda\.graph: the function can not be recorded/);
  t.regex(error.message, /item\(\)/);
  const own = new Error("mine");
  const thrown = t.throws(() =>
    cuda.graph(
      () => {
        throw own;
      },
      { warmup: 0 },
    ),
  );
  t.is(thrown, own);
  t.is(x.add(1).sum().item(), 8);
  t.is(
    cuda
      .graph(() => x.add(2))
      .replay()
      .sum()
      .item(),
    12,
  );
});

cudaTest("graphs may share their memory", (t) => {
  const x = torch.ones([256], { device: "cuda" });
  const first = cuda.graph(() => x.add(1));
  const second = cuda.graph(() => first.result.mul(2), { pool: first });
  x.fill_(4);
  first.replay();
  t.is(second.replay().index(0).item(), 10);
});

cudaTest("whole steps of a recipe's training are recorded", (t) => {
  for (const precision of ["float32", "bfloat16"] as const) {
    const variation = staticVariation("SpotTune_Block", "static");
    const recipe = tinyRecipe({ ...variation, train: { ...variation.train, precision } });
    const losses = [null, cudaRecorder("cuda:0")].map((recorder) => {
      const trainer = new Trainer(recipe, tinyModel(recipe).to("cuda"), unevenTask, recorder);
      return Array.from({ length: 10 }, () => trainer.next().loss);
    });
    for (const [n, loss] of losses[0].entries()) {
      t.true(Math.abs(losses[1][n] - loss) < 1e-3 * loss, `${precision}, loss of step ${n}`);
    }
  }
});
