import * as torch from "../../../src/torch";
import { TorchError } from "../../../src/torch";
import { wrongCalls } from ".";

/** What became of one call: a line of JSON each, written before the next call is made. */
export interface Outcome {
  readonly name: string;
  readonly kind: "TorchError" | "TypeError" | "another error" | "no error" | "not an error";
  readonly message: string;
}

if (require.main === module) {
  for (const { name, call } of wrongCalls) {
    process.stdout.write(`${JSON.stringify({ name, ...outcome(call) })}\n`);
  }
  process.stdout.write(`${torch.ones([2]).add(1).isDisposed ? "broken" : "alive"}\n`);
}

function outcome(call: () => unknown): Omit<Outcome, "name"> {
  try {
    const result = call();
    if (result instanceof Promise) result.catch(() => undefined);
    return { kind: "no error", message: String(typeof result) };
  } catch (error) {
    if (error instanceof TorchError) return { kind: "TorchError", message: error.message };
    if (error instanceof TypeError) return { kind: "TypeError", message: error.message };
    if (error instanceof Error)
      return { kind: "another error", message: `${error.name}: ${error.message}` };
    return { kind: "not an error", message: String(error) };
  }
}
