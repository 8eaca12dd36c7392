export { ConstantPolicy, type ConstantPolicyOptions } from "./constant";
export { GivenPolicy, type GivenPolicyOptions, readMask } from "./given";
export { LxmertPolicy, type LxmertPolicyOptions } from "./lxmert";
export { makePolicy, type PolicyOptions } from "./options";
export type { Embeds, Inputs, Policy, PolicyContext } from "./policy";
export { PooledPolicy, type PooledPolicyOptions } from "./pooled";
export { RandomPolicy, type RandomPolicyOptions } from "./random";
export type { Start } from "./start";
export { PolicyNetwork, type TransformerPolicyOptions } from "./transformer";
