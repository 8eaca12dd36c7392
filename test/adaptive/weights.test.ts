import test from "ava";
import { adapt, spotTuneBlock, trainableLine } from "../../src/adaptive";
import { shareFrozen } from "../../src/adaptive/weights";
import { Buffer, Linear, Module } from "../../src/nn";
import * as torch from "../../src/torch";
import { vlBertCase } from "./cases";

class Tied extends Module {
  readonly encoder = new Linear(4, 4);
  readonly decoder = new Linear(4, 4);
  readonly head = new Linear(4, 2);

  constructor() {
    super();
    this.decoder.weight = this.encoder.weight;
  }
}

const parts = (also: string[], except: string[] = []) => ({ head: [], also, except });

test("frozen weights share storage with the given model, trained ones do not", (t) => {
  const given = new Tied();
  const adapted = shareFrozen(given, parts(["head"]));
  torch.noGrad(() => {
    given.encoder.weight.fill_(3);
    given.head.weight.fill_(3);
  });
  t.is(adapted.encoder.weight.sum().item(), 48);
  t.not(adapted.head.weight.sum().item(), 24);
  t.false(adapted.encoder.weight.requiresGrad);
  t.true(adapted.head.weight.requiresGrad);
  t.true(given.encoder.weight.requiresGrad, "the given model is as it was");
});

test("a tied weight stays tied and trains when one of its names does", (t) => {
  const adapted = shareFrozen(new Tied(), parts(["decoder"], ["decoder.bias"]));
  t.is(adapted.encoder.weight, adapted.decoder.weight);
  t.true(adapted.encoder.weight.requiresGrad);
  t.false(adapted.encoder.bias!.requiresGrad);
  t.false(adapted.decoder.bias!.requiresGrad);
});

test("the trainable line has separators, counts ties once and gives a share", (t) => {
  t.is(trainableLine(shareFrozen(new Tied(), parts(["head"]))), "trainable: 10 of 34 (29.41 %)");
  class Wide extends Module {
    readonly lower = new Linear(999, 100);
    readonly upper = new Linear(100, 10);
  }
  const line = trainableLine(shareFrozen(new Wide(), parts(["upper"])));
  t.is(line, "trainable: 1,010 of 101,010 (1.00 %)");
});

test("buffers that are not persistent stay so: shared, copied and merged", (t) => {
  const given = vlBertCase.make();
  for (const [, module] of given.namedModules()) {
    if (module instanceof Linear)
      Object.assign(module, { cached: new Buffer(torch.ones([1]), false) });
  }
  const cached = (model: Module) =>
    model.namedBuffers().filter(([name]) => name.endsWith(".cached"));
  const adapted = adapt(given, spotTuneBlock(), { policy: { hiddenSize: 16 } });
  const merged = adapted.merge("tuned");
  t.true(cached(adapted).length > cached(given).length, "frozen and tuned blocks have theirs");
  t.is(cached(merged).length, cached(given).length);
  for (const model of [adapted, merged]) {
    t.true(cached(model).every(([, buffer]) => !buffer.persistent));
  }
  t.deepEqual(Object.keys(merged.stateDict()), Object.keys(given.stateDict()));
});
