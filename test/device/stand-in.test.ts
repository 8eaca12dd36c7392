import test from "ava";
import { GELU, LayerNorm, Linear, Sequential } from "../../src/nn";
import { AdamW } from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { strategies, vlBertCase } from "../adaptive/cases";
import { same } from "../torch/support";
import { routedOn } from "./routed-on";
import { loadStandIn, STAND_IN } from "./stand-in";

const { notes, record } = loadStandIn();
const on = (tensor: Tensor) => tensor.to(STAND_IN);

test.beforeEach(() => void notes());

/** A small model, the same each time, and an optimizer of it. */
function model(device: string) {
  torch.manualSeed(3);
  const layers = new Sequential(new Linear(6, 8), new GELU(), new LayerNorm(8), new Linear(8, 2));
  layers.to(device);
  return { layers, optimizer: new AdamW(layers.parameters(), { lr: 0.1 }) };
}

function learn({ layers, optimizer }: ReturnType<typeof model>, x: Tensor): Tensor {
  const loss = layers.forward(x).square().mean();
  loss.backward();
  optimizer.step();
  return loss.detach();
}

function batches(count: number): Tensor[] {
  torch.manualSeed(4);
  return Array.from({ length: count }, () => torch.randn([5, 6]));
}

test.serial("forward, backward and AdamW give the CPU's numbers", (t) => {
  const [own, other] = [model("cpu"), model(STAND_IN)];
  for (const x of batches(4)) {
    const expected = learn(own, x);
    const found = learn(other, on(x));
    t.is(found.device, STAND_IN);
    same(t, found.cpu(), expected, "loss", 1e-6); // the CPU's matrix products are others
    own.optimizer.zeroGrad();
    other.optimizer.zeroGrad();
  }
  for (const [n, parameter] of other.layers.parameters().entries()) {
    same(t, parameter.cpu(), own.layers.parameters()[n], `parameter ${n}`, 1e-5);
  }
});

for (const strategy of strategies) {
  test.serial(`${strategy.name} on the stand-in is ${strategy.name} on the CPU`, (t) => {
    torch.scope(() => {
      const [expected, found] = ["cpu", STAND_IN].map((device) =>
        routedOn(device, vlBertCase, strategy),
      );
      t.deepEqual(found.decisions, expected.decisions);
      t.deepEqual([...found.tensors.keys()], [...expected.tensors.keys()]);
      for (const [name, tensor] of expected.tensors) {
        same(t, found.tensors.get(name)!, tensor, name, 1e-4);
      }
    });
  });
}

test.serial("views, writes and resizing work on the same memory", (t) => {
  const x = on(torch.arange(12, { dtype: "float32" }).view([3, 4]));
  const row = x.index(1);
  row.mul_(10);
  x.T.index(0).add_(0.5);
  t.deepEqual(x.cpu().toArray(), [
    [0.5, 1, 2, 3],
    [40.5, 50, 60, 70],
    [8.5, 9, 10, 11],
  ]);
  const grown = torch.empty([0], { device: STAND_IN });
  torch.ops.aten.add(x, x, { out: grown });
  t.deepEqual(grown.shape, [3, 4]);
  t.is(grown.index(2, 3).item(), 22);
  torch.ops.aten.resize_(grown, [20]);
  t.is(grown.index(0).item(), 1);
});

test.serial("a call that mixes devices names the operator, numbers may come from the host", (t) => {
  const [x, host] = [torch.ones([2, 2], { device: STAND_IN }), torch.ones([2, 2])];
  t.throws(() => x.mm(host), { message: /mm.*(cpu|standin).*(cpu|standin)/s });
  t.throws(() => torch.ops.aten._foreach_add_([x], [host]), { instanceOf: torch.TorchError });
  t.throws(() => x.index(torch.tensor([0], { dtype: "int64" })), {
    message: /aten::index.*argument 'indices' is on cpu/s,
  });
  t.deepEqual(x.mul(torch.tensor(3)).cpu().toArray(), [
    [3, 3],
    [3, 3],
  ]);
});

test.serial("what the host waits for and what it sends is noted", (t) => {
  const x = on(torch.ones([2, 3]));
  const pinned = torch.ones([3]).pinMemory();
  t.true(pinned.isPinned());
  pinned.to(STAND_IN, { nonBlocking: true });
  torch.tensor(new Float32Array(3), { device: STAND_IN });
  t.deepEqual(notes().uploads, [
    "unpinned, waited for Float [2, 3]",
    "pinned Float [3]",
    "pinned Float [3]",
  ]);
  const sum = x.sum();
  t.deepEqual(notes().reads, []);
  sum.item();
  x.cpu();
  x.nonzero();
  x.index(x.gt(0));
  t.deepEqual(notes().reads, [
    "aten::_local_scalar_dense",
    "copy of Float [2, 3]",
    "aten::nonzero",
    "aten::nonzero",
  ]);
  torch.empty([2, 3]).pinMemory().copy_(x, true);
  t.deepEqual(notes().reads, [], "the host does not wait");
});

test.serial("the device draws from a generator of its own", (t) => {
  torch.manualSeed(5);
  const before = torch.getRngState();
  const state = torch.getRngState(STAND_IN);
  const draw = () => torch.randn([4], { device: STAND_IN }).cpu();
  const [first, second] = [draw(), draw()];
  t.false(torch.equal(first, second));
  t.true(torch.equal(torch.getRngState(), before));
  torch.setRngState(state, STAND_IN);
  t.true(torch.equal(draw(), first));
  const generator = new torch.Generator(STAND_IN).manualSeed(9);
  const given = torch.empty([4], { device: STAND_IN }).normal_(0, 1, { generator });
  t.true(
    torch.equal(
      given.cpu(),
      torch.empty([4]).normal_(0, 1, { generator: new torch.Generator().manualSeed(9) }),
    ),
  );
  torch.dropout(torch.ones([8], { device: STAND_IN }), 0.5, true);
  t.true(torch.equal(torch.getRngState(), before));
});

test.serial("recorded work is done again on what its inputs hold", (t) => {
  const inputs = batches(4);
  const [own, other] = [model(STAND_IN), model(STAND_IN)];
  const x = on(inputs[0]).clone();
  const run = () => {
    other.optimizer.zeroGrad();
    const loss = other.layers.forward(x).square().mean();
    loss.backward();
    return loss.detach();
  };
  const recording = record(run);
  for (const input of inputs) {
    own.optimizer.zeroGrad();
    const expected = learn(own, on(input));
    x.copy_(input);
    t.true(torch.equal(recording.replay().cpu(), expected.cpu()));
    other.optimizer.step();
  }
  recording.release();
  t.throws(() => recording.replay(), { message: /there is no recording/ });
});

test.serial("a recording reads pinned memory again, and keeps numbers of the host's", (t) => {
  const pinned = torch.ones([3]).pinMemory();
  let factor = 2;
  const { replay } = record(() => pinned.to(STAND_IN, { nonBlocking: true }).mul(factor));
  pinned.fill_(5);
  factor = 7;
  t.deepEqual(replay().cpu().toArray(), [10, 10, 10]);
});

test.serial("what a graph can not hold is refused, and the device goes on", (t) => {
  const x = torch.ones([3], { device: STAND_IN });
  for (const wrong of [
    (): unknown => x.sum().item(),
    () => x.cpu(),
    () => x.nonzero(),
    () => torch.ones([3]).to(STAND_IN),
  ]) {
    t.throws(() => record(wrong), { message: /is not permitted while work is recorded/ });
  }
  t.is(x.sum().item(), 3);
});
