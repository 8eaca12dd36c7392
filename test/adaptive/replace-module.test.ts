import test from "ava";
import { adapt, alternative, combine, GivenPolicy } from "../../src/adaptive";
import { replaceModule } from "../../src/adaptive/replace-module";
import { Identity, Linear, Module, ModuleList } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/** One module in a list and in two fields, as in models that share layers. */
class Sharing extends Module {
  readonly first = new Linear(3, 3);
  readonly second = this.first;
  readonly list = new ModuleList([this.first, new Linear(3, 3)]);

  override forward({ x }: { x: Tensor }): Record<string, Tensor> {
    const twice = this.second.forward(this.first.forward(x));
    return { logits: this.list[0].forward(twice) };
  }
}

test("a module is replaced wherever it is", (t) => {
  const model = new Sharing();
  const replacement = new Identity();
  replaceModule(model, "first", () => replacement);
  t.is(model.first as unknown, replacement);
  t.is(model.second as unknown, replacement);
  t.is(model.list[0] as unknown, replacement);
  t.true(model.list[1] instanceof Linear);
});

test("a shared site is one decision, and runs as often as it is used", (t) => {
  torch.manualSeed(1);
  const model = new Sharing();
  const strategy = combine("own", "first", [alternative.frozen, alternative.skip], { head: [] });
  const adapted = adapt(model as never, strategy, { policy: new GivenPolicy([1], 2) }).eval();
  t.is(adapted.sites.length, 1);
  const x = torch.randn([2, 3]);
  const { logits } = adapted.forward({ x } as never) as unknown as { logits: Tensor };
  t.deepEqual(logits.toArray(), x.toArray());
  t.deepEqual(
    adapted.executed.map((row) => row.withGradient + row.withoutGradient),
    [0, 3 * 2],
  );
});
