import test from "ava";
import { BatchNorm1d, Dropout, Linear, Module, Sequential } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

class Net extends Module {
  readonly body = new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Dropout());
  readonly head = new Linear(4, 2, { bias: false });

  override forward(x: Tensor) {
    return { logits: this.head.forward(this.body.forward(x)) };
  }
}

test("a table of modules with parameters, and shapes where there is an input", (t) => {
  const net = new Net();
  net.body.requiresGrad_(false);
  const { head } = net;
  t.deepEqual(net.summary(torch.ones([5, 3])).split("\n"), [
    "module              output         parameters",
    "─────────────────────────────────────────────",
    "Net                 logits [5, 2]",
    "  body: Sequential  [5, 4]",
    "    0: Linear       [5, 4]                 16",
    "    1: BatchNorm1d  [5, 4]                  8",
    "    2: Dropout      [5, 4]",
    "  head: Linear      [5, 2]                  8",
    "",
    "parameters: 32, trainable: 8 (25.00 %)",
    "buffers: 9",
  ]);
  t.is(head.weight.numel(), 8);
});

test("it leaves modes, statistics and hooks as they were", (t) => {
  const net = new Net();
  net.body[2].eval();
  net.summary(torch.ones([5, 3]));
  t.true(net.training && net.body[1].training);
  t.false(net.body[2].training);
  t.is((net.body[1] as BatchNorm1d).num_batches_tracked?.item(), 0);
  t.false(Object.hasOwn(net.head, "forward"));
});

test("without an input there are no shapes; shared weights count once", (t) => {
  const net = new Net();
  Object.assign(net, {
    again: Object.assign(new Linear(4, 2, { bias: false }), { weight: net.head.weight }),
  });
  const text = net.summary();
  t.notRegex(text, /output|\[/);
  t.regex(text, /again: Linear\n/);
  t.regex(text, /parameters: 32, trainable: 32 \(100\.00 %\)/);
});
