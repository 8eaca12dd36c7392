import { parentPort, workerData } from "node:worker_threads";
import * as torch from "../../src/torch";
import { native } from "../../src/torch/native";

// 16,000 operations on a tensor of the main thread's, and an end with tensors and graphs that are alive.
const x = torch.receive(workerData);
for (let n = 0; n < 8000; n++) torch.scope(() => x.mul(0.5).sum());
const held = Array.from({ length: 200 }, () => x.add(1).requiresGrad_().mul(2));
const back = torch.share(x.sum());
parentPort!.postMessage({ back, made: native.serial(), held: held.length });
