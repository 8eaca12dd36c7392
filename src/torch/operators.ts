import { method } from "./dispatch";
import { methods } from "./generated/methods";
import { Tensor } from "./tensor";

// The operators become methods; what the class writes itself stays.
for (const [name, qualified, at] of methods) {
  if (name in Tensor.prototype) continue;
  Object.defineProperty(Tensor.prototype, name, {
    value: method(qualified, at),
    writable: true,
    configurable: true,
  });
}
