import { LinearBesideHeads, LinearStreams } from "../models/stand-ins";
import { Linear, type Module, MultiHeadAttention } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { LinearHeads, NoHeads } from "./in-place-of";

/**
 * The attention whose head h is that of alternative `choices[h]`. Left-out heads have weights of
 * zero, and so a context of zero; linear layers in place of heads run beside it.
 */
export function mergeHeads(alternatives: readonly Module[], choices: readonly number[]): Module {
  const linear = rowsFrom(
    alternatives.map((module) => linearOf(module)),
    choices,
  );
  const given = alternatives.find((module) => module instanceof MultiHeadAttention);
  if (!given) return linear ? new LinearStreams([linear]) : alternatives[choices[0]];
  const attention = given.clone((weight) => weight);
  for (const name of ["query", "key", "value"] as const) {
    const rows = rowsFrom(
      alternatives.map((module) => (module instanceof MultiHeadAttention ? module[name] : null)),
      choices,
    );
    Object.assign(attention, { [name]: rows ?? zeros(given[name]) });
  }
  return linear ? new LinearBesideHeads(attention, linear) : attention;
}

function linearOf(module: Module): Linear | null {
  if (module instanceof LinearHeads) return module.streams[0];
  if (module instanceof MultiHeadAttention || module instanceof NoHeads) return null;
  throw new Error(
    `heads of ${module.constructor.name} can not be merged: only those of attention, ` +
      "left-out and replaced ones can",
  );
}

/** A layer with each head's rows from the layer of its choice, zeros where that has none. */
function rowsFrom(layers: readonly (Linear | null)[], choices: readonly number[]): Linear | null {
  const given = choices.map((choice) => layers[choice]).find((layer) => layer !== null);
  if (!given) return null;
  const merged = zeros(given);
  const size = given.outFeatures / choices.length;
  const copyRows = (from: Tensor, to: Tensor, head: number) =>
    to.narrow(0, head * size, size).copy_(from.narrow(0, head * size, size));
  torch.noGrad(() => {
    for (const [head, choice] of choices.entries()) {
      const layer = layers[choice];
      if (!layer) continue;
      copyRows(layer.weight, merged.weight, head);
      if (layer.bias) copyRows(layer.bias, merged.bias!, head);
    }
  });
  return merged;
}

function zeros({ inFeatures, outFeatures, weight, bias }: Linear): Linear {
  const { device, dtype } = weight;
  const linear = new Linear(inFeatures, outFeatures, { bias: bias !== null, device, dtype });
  torch.noGrad(() => {
    linear.weight.zero_();
    linear.bias?.zero_();
  });
  return linear;
}
