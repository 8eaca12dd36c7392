import test from "ava";
import { alternative } from "../../src/adaptive";
import { Decisions } from "../../src/adaptive/decisions";
import { RoutedSite } from "../../src/adaptive/routed-site";
import { Routing } from "../../src/adaptive/routing";
import { Module } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/** Adds its number to x and remembers how it was called. */
class Adds extends Module {
  readonly calls: { rows: number[]; masked: number[]; gradient: boolean }[] = [];

  constructor(private readonly amount: number) {
    super();
  }

  override forward(x: Tensor, mask: Tensor, scale: Tensor): Tensor {
    const first = (tensor: Tensor) => tensor.select(1, 0).toArray() as number[];
    this.calls.push({ rows: first(x), masked: first(mask), gradient: torch.isGradEnabled() });
    return x.add(scale.mul(this.amount));
  }
}

function routed(amounts: number[]) {
  const modules = amounts.map((amount) => new Adds(amount));
  const what = modules.map((module, k) => ({
    name: `adds ${k}`,
    keepsNames: false,
    build: () => module,
  }));
  const routing = new Routing({ sites: ["site"], alternatives: what.map(({ name }) => name) });
  return { site: new RoutedSite(new Module(), 0, what, routing), routing, modules };
}

function forward(
  { site, routing }: ReturnType<typeof routed>,
  plan: Decisions,
  input = x(),
): Tensor {
  return routing.during(plan, () => site.forward(input, mask(), scale())).outputs as Tensor;
}

function decisions(choices: number[], alternatives: number, learns: boolean): Decisions {
  const choice = torch.tensor(choices).long().unsqueeze(1);
  const gate = torch.oneHot(choice, alternatives).to("float32").requiresGrad_(learns);
  return new Decisions(gate, choice);
}

const x = () => torch.tensor([[0], [10], [20], [30]]);
const mask = () => torch.tensor([[0], [1], [2], [3]]);
const scale = () => torch.tensor([[1]]);

test("rows and their arguments go where they were sent and come back in order", (t) => {
  const given = routed([1, 2, 3]);
  const { modules } = given;
  const outputs = forward(given, decisions([2, 0, 2, 1], 3, false));
  t.deepEqual(outputs.toArray(), [[3], [11], [23], [32]]);
  t.deepEqual(
    modules.map(({ calls }) => calls.length),
    [1, 1, 1],
  );
  t.deepEqual(modules[2].calls[0], { rows: [0, 20], masked: [0, 2], gradient: true });
});

test("the losers run without a graph, on the rows that did not pick them", (t) => {
  const { site, routing, modules } = routed([1, 2]);
  routing.during(decisions([1, 0, 1, 1], 2, true), () => site.forward(x(), mask(), scale()));
  t.deepEqual(modules[0].calls, [
    { rows: [10], masked: [1], gradient: true },
    { rows: [0, 20, 30], masked: [0, 2, 3], gradient: false },
  ]);
  t.deepEqual(modules[1].calls[1], { rows: [10], masked: [1], gradient: false });
  t.deepEqual(routing.executed, [
    { site: "site", alternative: "adds 0", withGradient: 1, withoutGradient: 3 },
    { site: "site", alternative: "adds 1", withGradient: 3, withoutGradient: 1 },
  ]);
  routing.reset();
  t.is(routing.executed[0].withGradient, 0);
});

test("a unanimous batch is neither gathered nor blended", (t) => {
  const given = routed([0, 2]);
  const { modules } = given;
  modules[0].forward = (input) => input;
  const input = x();
  const outputs = forward(given, decisions([0, 0, 0, 0], 2, false), input);
  t.is(outputs, input);
  t.is(modules[1].calls.length, 0);
});

test("the gate's gradient is the upstream's product with the losers' difference", (t) => {
  const plan = decisions([1, 0, 1, 1], 2, true);
  const outputs = forward(routed([1, 5]), plan);
  outputs.backward(torch.tensor([[1], [2], [3], [4]]));
  const gradient = plan.gate.grad!.select(1, 0);
  const slope = gradient.select(1, 1).sub(gradient.select(1, 0));
  t.deepEqual(slope.toArray(), [4, 8, 12, 16]);
});

test("frozen keeps the site's names, tuned is below them", (t) => {
  class Leaf extends Module {
    readonly inner = new Adds(1);
  }
  const routing = new Routing({ sites: ["s"], alternatives: ["frozen", "tuned", "skip"] });
  const what = [alternative.frozen, alternative.tuned, alternative.skip];
  const site = new RoutedSite(new Leaf(), 0, what, routing);
  t.deepEqual(
    site.namedModules().map(([path]) => path),
    ["", "inner", "tuned", "tuned.inner", "skip"],
  );
});

test("tensors that are neither the batch's nor for all are refused", (t) => {
  const { site, routing } = routed([1, 2]);
  const plan = decisions([0, 1, 1, 0], 2, false);
  t.throws(() => routing.during(plan, () => site.forward(x(), torch.zeros([3, 1]), scale())), {
    message: /got a tensor \[3,1\] at batch 4/,
  });
  t.notThrows(() => routing.during(plan, () => site.forward(x(), mask(), scale())));
});

test("a routed site alone has no decisions, and forwards do not nest", (t) => {
  const { site, routing } = routed([1, 2]);
  t.throws(() => site.forward(x(), mask(), scale()), {
    message: /site "site" is routed: call the/,
  });
  const plan = decisions([0, 1, 1, 0], 2, false);
  t.throws(() => routing.during(plan, () => routing.during(plan, () => 0)), { message: /nest/ });
});
