import test from "ava";
import { LRScheduler, linearWarmupDecay } from "../../src/optim";

test("warms up and decays in straight lines", (t) => {
  const schedule = linearWarmupDecay({ warmup: 2, total: 6 });
  t.deepEqual([0, 1, 2, 4, 6, 7].map(schedule), [0, 0.5, 1, 0.5, 0, 0]);
  t.is(linearWarmupDecay({ warmup: 0, total: 4 })(0), 1);
  t.is(linearWarmupDecay({ warmup: 3, total: 3 })(3), 0);
  t.throws(() => linearWarmupDecay({ warmup: 5, total: 4 }), { instanceOf: RangeError });
});

test("scales every group's rate, from the start on", (t) => {
  const optimizer = { groups: [{ lr: 1 }, { lr: 10 }] };
  const scheduler = new LRScheduler(optimizer, (step) => step / 4);
  t.deepEqual(scheduler.getLastLr(), [0, 0]);
  scheduler.step();
  t.deepEqual(scheduler.getLastLr(), [0.25, 2.5]);
});

test("goes on from a state", (t) => {
  const make = () => {
    const optimizer = { groups: [{ lr: 3 }] };
    return { optimizer, scheduler: new LRScheduler(optimizer, (step) => 1 / (step + 1)) };
  };
  const [first, second] = [make(), make()];
  first.scheduler.step();
  second.optimizer.groups[0].lr = 99;
  second.scheduler.loadStateDict(JSON.parse(JSON.stringify(first.scheduler.stateDict())));
  t.is(second.optimizer.groups[0].lr, 1.5);
  second.scheduler.step();
  t.is(second.optimizer.groups[0].lr, 1);
  t.throws(() => second.scheduler.loadStateDict({ lastStep: 1, baseLrs: [] }));
});
