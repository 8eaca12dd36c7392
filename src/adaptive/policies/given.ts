import { readFileSync } from "node:fs";
import { Buffer, Module } from "../../nn";
import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";
import { requireFile } from "../../torch/io/read";
import type { DecisionSpace } from "../decisions";
import { choicesOf, type Mask, type MaskByName } from "../mask";
import { batchOf, type Inputs, type Policy } from "./policy";

export interface GivenPolicyOptions {
  readonly kind: "given";
  readonly decisions: Mask;
}

/** Decides the same for all inputs, as it was told, and learns nothing: a static mask. */
export class GivenPolicy extends Module implements Policy {
  /** [N,K] */
  private readonly logits: Buffer;

  /** `decisions` holds the alternative of each of N sites, as a number below `alternatives`. */
  constructor(decisions: readonly number[], alternatives: number) {
    super();
    const choice = torch.tensor([...decisions], { dtype: "int64" });
    const logits = torch.oneHot(choice, alternatives).to("float32").mul(CERTAIN);
    this.logits = new Buffer(logits, false);
  }

  override forward(inputs: Inputs): Tensor {
    return this.logits.unsqueeze(0).expand([batchOf(inputs).batch, -1, -1]);
  }
}

/** A static mask for a model's sites; throws, for all at once, where it does not fit them. */
export function givenPolicy(space: DecisionSpace, options: GivenPolicyOptions): GivenPolicy {
  const { decisions } = checkOptions("GivenPolicy", options, ["kind", "decisions"]);
  return new GivenPolicy(choicesOf(decisions, space), space.alternatives.length);
}

/** Reads a mask from a JSON file: `{ "encoder.layer.0": "frozen", .. }` or a list of numbers. */
export function readMask(file: string): readonly number[] | MaskByName {
  try {
    requireFile(file, "mask");
    const mask: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (Array.isArray(mask) && mask.every((one) => Number.isInteger(one))) return mask;
    const names = Object.values((mask ?? {}) as object);
    const named = typeof mask === "object" && !Array.isArray(mask) && names.length > 0;
    if (named && names.every((name) => typeof name === "string")) return mask as MaskByName;
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
  throw new Error(
    `${file}: a mask is {"site": "alternative", ..} or a list with a number for every site`,
  );
}

/** A logit that Gumbel noise, at most 104 in float32, does not overturn. */
const CERTAIN = 1e4;
