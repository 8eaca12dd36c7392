import * as torch from "../../src/torch";

const rss = () => process.memoryUsage().rss;

/** Resident memory after a tenth of the operations and after all of them, typed arrays included. */
function flat(count: number, mode: string) {
  const x = torch.ones([16]);
  const values = new Float32Array(16).fill(2);
  const one = () => x.add(torch.tensor(values)).sum().item();
  const unscoped = () => {
    using other = torch.tensor(values);
    using sum = x.add(other);
    using total = sum.sum();
    return total.item();
  };
  const step = mode === "scoped" ? () => torch.scope(one) : unscoped;
  for (let n = 0; n < count / 10; n++) step();
  const early = rss();
  for (let n = 0; n < count; n++) step();
  return { early, late: rss(), tensors: torch.memory().tensors };
}

/** Many tensors in one turn, twice; the warning is on standard error. */
function unscoped() {
  for (let n = 0; n < 60_000; n++) torch.ones([1]);
  return {};
}

/** As many, over turns. */
async function overTurns() {
  for (let n = 0; n < 60; n++) {
    for (let m = 0; m < 1000; m++) torch.ones([1]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {};
}

function traced() {
  const make = () => torch.zeros([2, 3]);
  const held = [make(), make()];
  const { groups } = torch.memory.report();
  return { groups, text: String(torch.memory.report()), held: held.length };
}

const modes: Record<string, (count: number) => unknown> = {
  scoped: (count) => flat(count, "scoped"),
  disposed: (count) => flat(count, "disposed"),
  unscoped,
  overTurns,
  traced,
};

if (require.main === module) {
  const [mode, count = "0"] = process.argv.slice(2);
  void Promise.resolve(modes[mode](Number(count))).then((result) =>
    console.log(JSON.stringify(result)),
  );
}
