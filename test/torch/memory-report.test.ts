import test from "ava";
import * as torch from "../../src/torch";
import { runScript } from "./child";

for (const mode of ["unscoped", "returned"]) {
  test.serial(
    `many tensors in no scope in one turn are warned of, once, with the remedy: ${mode}`,
    (t) => {
      const { status, stderr } = runScript("memory-tools.ts", [mode]);
      t.is(status, 0, stderr);
      t.is(stderr.match(/outside of a torch\.scope/g)?.length, 1, stderr);
      t.regex(stderr, /20,000 tensors .* torch\.scope\(\(\) => \.\.\.\)/s);
    },
  );
}

test.serial("as many over several turns are no reason to warn", (t) => {
  const { status, stderr } = runScript("memory-tools.ts", ["overTurns"]);
  t.is(status, 0, stderr);
  t.is(stderr, "");
});

test.serial("the report groups what is alive, the largest first", (t) => {
  const before = torch.memory.report();
  const held = [torch.zeros([100, 1001]), torch.zeros([100, 1001]), torch.zeros([7])];
  const view = held[0].view([1001, 100]);
  const after = torch.memory.report();
  t.is(after.tensors, before.tensors + 4);
  t.is(after.bytes, before.bytes + 2 * 400_400 + 28);
  t.like(after.groups[0], { tensors: 2, bytes: 800_800, dtype: "float32", site: null });
  t.true(after.groups.some(({ shape, bytes }) => shape[0] === 1001 && bytes <= 400_400));
  t.regex(String(after), /2 x float32 \[100, 1001\] cpu {2}\d+,\d+ bytes/);
  t.is(String(after).split("\n").length, Math.min(after.groups.length, 20) + 1);
  for (const tensor of [...held, view]) tensor.dispose();
});

function traced(mode: string) {
  process.env.ADAPTUNE_TRACE_TENSORS = "1";
  const { status, stdout, stderr } = runScript("memory-tools.ts", [mode]);
  delete process.env.ADAPTUNE_TRACE_TENSORS;
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test.serial("traced, the report says where tensors were made", (t) => {
  const { groups, text } = traced("traced");
  t.is(groups.length, 1);
  t.like(groups[0], { tensors: 2, bytes: 48, shape: [2, 3] });
  t.regex(groups[0].site, /^make \(.*memory-tools\.ts:\d+:\d+\)$/);
  t.regex(text, /at make \(/);
});

test.serial("traced, assertNoLeaks says where what is left was made, in workers too", (t) => {
  const { worker, ...main } = traced("leaks");
  for (const { here, module, later } of [main, worker]) {
    const one = "expected no tensor made inside to be alive, but 1 are\\. ";
    const line = "memory-tools\\.ts:\\d+:\\d+\\)?$";
    t.regex(here, new RegExp(`${one}.*1 x float32 \\[2, 3\\] cpu  24 bytes  at .*${line}`, "s"));
    t.notRegex(here, /ADAPTUNE_TRACE_TENSORS|called from/);
    t.regex(module, new RegExp(`${one}.* at linear \\(.*, called from .*${line}`, "s"));
    t.regex(later, new RegExp(`${one}.*\\[7\\] cpu  28 bytes  at .*${line}`, "s"));
  }
});

test.serial("assertNoLeaks passes what leaves nothing and gives the result", async (t) => {
  const x = torch.ones([2]);
  const sum = torch.memory.assertNoLeaks(() => torch.scope(() => x.add(1)));
  t.deepEqual(sum.toArray(), [2, 2]);
  t.is(await torch.assertNoLeaks(async () => 5), 5);
});

test.serial("assertNoLeaks names what is left", async (t) => {
  const kept: torch.Tensor[] = [];
  const leak = () => {
    kept.push(torch.ones([3, 5]));
    return torch.ones([4]);
  };
  const error = t.throws(() => torch.assertNoLeaks(leak));
  t.regex(error!.message, /1 are\. .*torch\.scope.*1 x float32 \[3, 5\] cpu {2}60 bytes/s);
  t.regex(error!.message, /ADAPTUNE_TRACE_TENSORS=1/);
  await t.throwsAsync(() => torch.assertNoLeaks(async () => void leak()), { message: /2 are/ });
});

test.serial("a slot that is used again does not revive the tensor before", (t) => {
  const stale = torch.ones([2]);
  stale.dispose();
  const fresh = torch.zeros([3]);
  t.true(stale.isDisposed);
  t.throws(() => stale.add(fresh), { instanceOf: TypeError, message: /disposed/ });
  t.throws(() => fresh.add(stale), { instanceOf: TypeError, message: /disposed/ });
  t.throws(() => torch.cat([fresh, stale]), { instanceOf: TypeError, message: /disposed/ });
  stale.dispose();
  t.deepEqual(fresh.toArray(), [0, 0, 0]);
});
