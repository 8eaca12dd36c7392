import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { Linear } from "../../src/nn";
import * as torch from "../../src/torch";

/** Many tensors in one turn, twice; the warning is on standard error. */
function unscoped() {
  for (let n = 0; n < 60_000; n++) torch.ones([1]);
  return {};
}

/** As many, each the result of a scope. */
function returned() {
  for (let n = 0; n < 60_000; n++) torch.scope(() => torch.ones([1]));
  return {};
}

/** As many, over turns. */
async function overTurns() {
  for (let n = 0; n < 60; n++) {
    for (let m = 0; m < 1000; m++) torch.ones([1]);
    await setImmediate();
  }
  return {};
}

function traced() {
  const make = () => torch.zeros([2, 3]);
  const held = [make(), make()];
  const { groups } = torch.memory.report();
  return { groups, text: String(torch.memory.report()), held: held.length };
}

/** What assertNoLeaks says of a tensor that stays: made here, by a module, later on, in a worker. */
async function leaks() {
  const layer = new Linear(3, 5);
  const x = torch.ones([2, 3]);
  const held: unknown[] = [];
  const leak = (tensor: torch.Tensor) => void held.push(tensor);
  const message = async (fn: () => unknown) => {
    try {
      await torch.assertNoLeaks(fn);
    } catch (error) {
      return (error as Error).message;
    }
    return "no leak";
  };
  const here = await message(() => torch.scope(() => leak(torch.keep(x.add(1)))));
  const module = await message(() => leak(layer.forward(x)));
  const later = await message(async () => {
    await setImmediate();
    leak(torch.zeros([7]));
  });
  const worker = isMainThread ? await ofWorker() : null;
  return { here, module, later, worker };
}

async function ofWorker() {
  const execArgv = ["-r", "ts-node/register/transpile-only"];
  return (await once(new Worker(__filename, { execArgv }), "message"))[0];
}

const modes: Record<string, () => unknown> = {
  unscoped,
  returned,
  overTurns,
  traced,
  leaks,
};

if (!isMainThread) {
  void leaks().then((result) => parentPort!.postMessage(result));
} else if (require.main === module) {
  void Promise.resolve(modes[process.argv[2]]()).then((result) =>
    console.log(JSON.stringify(result)),
  );
}
