import test from "ava";
import { type HeadGroup, headsOf, LowRankLinear } from "../../src/adaptive";
import { GELU, type Linear, MultiHeadAttention } from "../../src/nn";
import * as torch from "../../src/torch";
import { close } from "./support";

const [HEADS, SIZE] = [4, 12];

/** The heads' contexts [B,S,D] as the attention itself gives them, by head: [B,H,S,d]. */
function whole(attention: MultiHeadAttention, ...args: Parameters<MultiHeadAttention["forward"]>) {
  return attention
    .forward(...args)
    .unflatten(2, [HEADS, SIZE / HEADS])
    .transpose(1, 2);
}

function setting({ updated = false } = {}) {
  torch.manualSeed(5);
  const attention = new MultiHeadAttention(SIZE, HEADS, { contextSize: 7, dtype: "float64" });
  if (updated) {
    const value = new LowRankLinear(attention.value, 2, 4);
    torch.noGrad(() => value.lora_B.normal_());
    Object.assign(attention, { value: value as unknown as Linear });
  }
  const x = torch.randn([3, 5, SIZE], { dtype: "float64" });
  const context = torch.randn([3, 6, 7], { dtype: "float64" });
  const mask = torch.randn([3, 1, 1, 6], { dtype: "float64" });
  return { attention, x, mask, context };
}

const groupings: Record<string, readonly HeadGroup[]> = {
  "one by one": [[2], [0], [3]],
  neighbours: [[0], [1, 2]],
  "far apart": [[0, 3], [1]],
  all: [[0, 1, 2, 3]],
};

for (const [name, groups] of Object.entries(groupings)) {
  for (const updated of [false, true]) {
    test(`heads ${name} equal the attention's${updated ? ", with low-rank updates" : ""}`, (t) => {
      const { attention, x, mask, context } = setting({ updated });
      const weights = attention.namedParameters();
      const gradients = (contexts: torch.Tensor[]) => {
        attention.zeroGrad();
        const terms = contexts.map((part, n) =>
          part
            .mul(n + 1)
            .sin()
            .sum(),
        );
        terms.reduce((sum, term) => sum.add(term)).backward();
        return new Map(weights.map(([weight, { grad }]) => [weight, grad]));
      };
      const run = headsOf(attention, groups);
      const actual = run.map((heads) => heads(x, mask, context));
      const all = whole(attention, x, mask, context);
      const expected = groups.map((heads) => all.indexSelect(1, torch.tensor([...heads]).long()));
      for (const [n, part] of actual.entries()) close(t, part, expected[n], 1e-13, `group ${n}`);
      const [own, reference] = [gradients(actual), gradients(expected)];
      for (const [weight, grad] of own) close(t, grad, reference.get(weight)!, 1e-12, weight);
    });
  }
}

test("what has no heads is refused", (t) => {
  t.throws(() => headsOf(new GELU(), [[0]]), { message: /GELU can not run for single heads/ });
  const { attention } = setting();
  Object.assign(attention, { key: new GELU() });
  t.throws(() => headsOf(attention, [[0], [1]]), { message: /GELU .* has no inPieces/ });
});
