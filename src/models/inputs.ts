import { Tensor } from "../torch";
import { checkOptions, describe } from "../torch/errors";

/** What a model takes: names of tensors that it needs, and of those that it can do without. */
export interface InputNames {
  readonly needed: readonly string[];
  readonly others?: readonly string[];
}

/** Throws TypeError for inputs that lack one that is needed, and for names that are none. */
export function checkInputs<I extends object>(
  { constructor: { name } }: object,
  inputs: I,
  { needed, others = [] }: InputNames,
): I {
  const what = `${name}: inputs`;
  checkOptions(what, inputs, [...needed, ...others]);
  for (const input of needed) {
    const given = (inputs as Readonly<Record<string, unknown>>)[input];
    if (given instanceof Tensor) continue;
    throw new TypeError(`${what}: expected ${input} to be a Tensor, given ${describe(given)}`);
  }
  return inputs;
}

/** Of words alone. */
export const TEXT: InputNames = {
  needed: ["inputIds"],
  others: ["tokenTypeIds", "attentionMask"],
};

/** Of words and regions. */
export const TEXT_AND_REGIONS: InputNames = {
  needed: ["inputIds", "regionFeatures", "regionBoxes"],
  others: ["tokenTypeIds", "attentionMask", "regionMask"],
};

/** Of words that may name regions. */
export const TEXT_ON_REGIONS: InputNames = {
  needed: TEXT_AND_REGIONS.needed,
  others: [...TEXT_AND_REGIONS.others!, "wordRegions"],
};
