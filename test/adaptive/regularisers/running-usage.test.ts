import test from "ava";
import { budget, RunningUsage } from "../../../src/adaptive";
import * as torch from "../../../src/torch";
import { close } from "../support";

const space = { sites: ["a", "b"], alternatives: ["frozen", "tuned"] };

function gateOf(choices: number[][]): torch.Tensor {
  return torch.oneHot(torch.tensor(choices).long(), 2).to("float32").requiresGrad_(true);
}

test("the first batches count evenly, later ones fade", (t) => {
  const running = new RunningUsage(space, 0.75);
  const batches = [0, 1, 1, 0, 1, 1].map((a) => gateOf([[a, 1]]));
  for (const gate of batches.slice(0, 4)) running.add(gate);
  close(t, running.usage, torch.tensor([[0.5, 0.5], [0, 1]]), 1e-6, "four batches"); // biome-ignore format: a table
  running.add(batches[4]);
  running.add(batches[5]);
  const faded = 1 - 0.5 * 0.75 * 0.75;
  close(t, running.usage.select(1, 1), torch.tensor([faded, 1]), 1e-6, "two more");
});

test("the global mask is what each site picked most, and survives saving", (t) => {
  const running = new RunningUsage(space);
  running.add(gateOf([[1, 0], [1, 0], [0, 0]])); // biome-ignore format: a batch
  t.deepEqual(running.mask(), [1, 0]);
  const resumed = new RunningUsage(space);
  resumed.loadStateDict(running.stateDict());
  resumed.add(gateOf([[0, 1]]));
  running.add(gateOf([[0, 1]]));
  t.deepEqual(resumed.usage.toArray(), running.usage.toArray());
});

test("a global budget measures all of the training and moves by the batch", (t) => {
  const gate = gateOf([[1, 1], [1, 0]]); // biome-ignore format: a batch
  const usage = torch.tensor([
    [0.75, 0.25],
    [0.5, 0.5],
  ]);
  const options = { alternative: 1, target: 1, scope: "global", usage } as const;
  const penalty = budget(gate, options);
  t.is(penalty.item(), 0.0625, "(0.75 - 1)^2, though this batch uses 1.5");
  penalty.backward();
  const slope = 2 * (0.75 - 1) * 0.5; // of each input's use
  t.deepEqual(gate.grad!.select(2, 1).toArray(), [
    [slope, slope],
    [slope, slope],
  ]);
  t.throws(() => budget(gate, { ...options, usage: undefined }), { message: /running\.usage/ });
});

test("in the global scope, micro-batches equal one batch", (t) => {
  const choices = [[1, 1], [1, 0], [0, 0], [0, 1]]; // biome-ignore format: a batch
  const usage = torch.full([2, 2], 0.9);
  const gradient = (size: number) => {
    const gate = gateOf(choices);
    for (let first = 0; first < 4; first += size) {
      const part = gate.narrow(0, first, size);
      budget(part, { alternative: 1, target: 1, scope: "global", usage })
        .mul(size / 4)
        .backward();
    }
    return gate.grad!;
  };
  close(t, gradient(1), gradient(4), 1e-6, "gradient");
});
