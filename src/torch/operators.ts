import { method } from "./dispatch";
import { methods } from "./generated/methods";
import { Tensor } from "./tensor";

// The operators become methods; what the class writes itself stays.
for (const [name, qualified] of methods) {
  if (name in Tensor.prototype) continue;
  Object.defineProperty(Tensor.prototype, name, {
    value: method(qualified),
    writable: true,
    configurable: true,
  });
}
