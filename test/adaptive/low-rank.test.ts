import test from "ava";
import { LowRankLinear, lowRank } from "../../src/adaptive";
import { GELU, Linear, MultiHeadAttention, Sequential } from "../../src/nn";
import * as torch from "../../src/torch";
import { close } from "./support";

function layer({ bias = true } = {}): LowRankLinear {
  torch.manualSeed(1);
  const linear = new Linear(6, 4, { bias, dtype: "float64" }).requiresGrad_(false);
  const updated = new LowRankLinear(linear, 2, 3);
  torch.noGrad(() => updated.lora_B.normal_());
  return updated;
}

test("an update is alpha / r B A x, forward and backward", (t) => {
  for (const bias of [true, false]) {
    const updated = layer({ bias });
    const x = torch.randn([5, 6], { dtype: "float64" });
    const [a, b] = [updated.lora_A, updated.lora_B].map((weight) =>
      weight.detach().clone().requiresGrad_(true),
    );
    const whole = updated.weight.add(b.matmul(a).mul(3 / 2));
    const expected = torch.linear(x, whole, updated.bias);
    const actual = updated.forward(x);
    close(t, actual, expected, 1e-14, "result");
    actual.sin().sum().backward();
    expected.sin().sum().backward();
    close(t, updated.lora_A.grad, a.grad, 1e-14, "gradient of A");
    close(t, updated.lora_B.grad, b.grad, 1e-14, "gradient of B");
    t.is(updated.weight.grad, null);
    close(t, updated.merged().forward(x), actual, 1e-14, "merged");
  }
});

test("a twin starts as the pretrained module and shares its weights", (t) => {
  const site = new Sequential(new Linear(6, 8), new GELU(), new Linear(8, 6));
  site.requiresGrad_(false);
  const twin = lowRank({ rank: 2 }).build(site, "module");
  const x = torch.randn([3, 6]);
  t.deepEqual((twin.forward(x) as torch.Tensor).toArray(), site.forward(x).toArray());
  const [first] = twin.children() as LowRankLinear[];
  t.is(first.weight, (site[0] as Linear).weight);
  t.deepEqual(
    twin.namedParameters().flatMap(([name, p]) => (p.requiresGrad ? [name] : [])),
    ["0.lora_A", "0.lora_B", "2.lora_A", "2.lora_B"],
  );
  t.true(site[0] instanceof Linear, "the given module is as it was");
});

test("targets choose among the linear layers of a site", (t) => {
  const site = new MultiHeadAttention(8, 2);
  const twin = lowRank({ rank: 2, targets: ["query"] }).build(site, "head") as MultiHeadAttention;
  t.true((twin.query as unknown) instanceof LowRankLinear);
  t.true(twin.key instanceof Linear);
  t.throws(() => lowRank({ targets: ["dense"] }).build(site, "head"), {
    message: /no linear layer of MultiHeadAttention is among dense: it has query, key, value/,
  });
  t.throws(() => lowRank({ rank: 9 }).build(site, "head"), {
    message: /rank 9 of a linear layer 8 -> 8: it has to be an integer from 1 to 8/,
  });
});
