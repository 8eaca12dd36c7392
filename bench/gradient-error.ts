import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";

/** Tensors by name. */
export type Results = Readonly<Record<string, Tensor>>;

/**
 * The largest relative error of any tensor: max |g - g_ref| / max |g_ref|, with the tensor's name.
 *
 * The true gradient of a key's bias is 0, as softmax does not see what all scores share: what is
 * there is rounding, and is measured by the largest gradient of the key's weight. A gradient that
 * never arrived is zero. Throws where a tensor has no counterpart in the reference.
 */
export function gradientError(given: Results, reference: Results): { error: number; name: string } {
  const strangers = Object.keys(given).filter((name) => !(name in reference));
  if (strangers.length > 0) {
    throw new Error(`the reference has no ${strangers.join(", ")}`);
  }
  return torch.noGrad(() =>
    torch.scope(() => {
      let worst = { error: 0, name: "" };
      for (const [name, expected] of Object.entries(reference)) {
        const off = largest(given[name] ? difference(given[name], expected) : expected);
        const scale = largest(reference[scaleOf(name)] ?? expected);
        const error = off === 0 ? 0 : off / scale;
        // Not a number is the largest error of all.
        if (Number.isNaN(error)) return { error, name };
        if (error > worst.error) worst = { error, name };
      }
      return worst;
    }),
  );
}

function difference(given: Tensor, expected: Tensor): Tensor {
  if (given.shape.join() !== expected.shape.join()) {
    throw new Error(`a tensor [${given.shape}] has a reference [${expected.shape}]`);
  }
  return given.to("cpu").to("float64").sub(expected.to("float64"));
}

function largest(tensor: Tensor): number {
  return tensor.numel() === 0 ? 0 : tensor.abs().max().item();
}

function scaleOf(name: string): string {
  return name.replace(/key\.bias$/, "key.weight");
}
