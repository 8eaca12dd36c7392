import { setImmediate } from "node:timers/promises";
import * as torch from "../../src/torch";

/** 20,000 small tensors nobody keeps but one, and garbage collections over event-loop turns. */
async function small() {
  const before = torch.memory();
  let held = torch.ones([100]);
  for (let n = 0; n < 20_000; n++) {
    const sum = held.add(1);
    if (n === 10_000) held = sum;
  }
  const made = torch.memory().tensors - before.tensors - 1;
  for (let turn = 0; turn < 10; turn++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { tensors, bytes } = torch.memory();
  const heldIsAlive = held.sum().item() === 200;
  console.log(JSON.stringify({ made, left: tensors, bytesLeft: bytes, heldIsAlive }));
}

/** 150 tensors of 32 MB, 4.8 GB in all, one a turn, without asking for a garbage collection. */
async function large() {
  let peak = 0;
  for (let n = 0; n < 150; n++) {
    torch.zeros([8_000_000]);
    peak = Math.max(peak, torch.memory().bytes);
    await setImmediate();
  }
  console.log(JSON.stringify({ peak }));
}

if (require.main === module) void (process.argv[2] === "large" ? large() : small());
