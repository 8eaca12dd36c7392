import { didYouMean } from "../../torch/nearest";
import { ConstantPolicy, type ConstantPolicyOptions } from "./constant";
import { type GivenPolicyOptions, givenPolicy } from "./given";
import { type LxmertPolicyOptions, lxmertPolicy } from "./lxmert";
import type { Policy, PolicyContext } from "./policy";
import { type PooledPolicyOptions, pooledPolicy } from "./pooled";
import { RandomPolicy, type RandomPolicyOptions } from "./random";
import { type TransformerPolicyOptions, transformerPolicy } from "./transformer";

/** What a policy is, as plain data; a small transformer unless `kind` says otherwise. */
export type PolicyOptions =
  | TransformerPolicyOptions
  | LxmertPolicyOptions
  | PooledPolicyOptions
  | ConstantPolicyOptions
  | RandomPolicyOptions
  | GivenPolicyOptions;

/** Makes the policy that options describe. */
export function makePolicy(context: PolicyContext, options: PolicyOptions): Policy {
  const { kind = "transformer" } = options;
  if (!Object.hasOwn(makers, kind)) {
    const kinds = Object.keys(makers);
    const meant = didYouMean(String(kind), kinds);
    throw new Error(
      `policies are ${kinds.join(", ")}, or a module of your own: not ${kind}` +
        (meant ? `: did you mean ${meant}?` : ""),
    );
  }
  const make = makers[kind];
  return (make as (context: PolicyContext, options: PolicyOptions) => Policy)(context, options);
}

const makers = {
  transformer: transformerPolicy,
  lxmert: lxmertPolicy,
  pooled: pooledPolicy,
  constant: ({ space }: PolicyContext, options: ConstantPolicyOptions) =>
    new ConstantPolicy(space, options),
  random: ({ space }: PolicyContext, options: RandomPolicyOptions) =>
    new RandomPolicy(space, options),
  given: ({ space }: PolicyContext, options: GivenPolicyOptions) => givenPolicy(space, options),
};
