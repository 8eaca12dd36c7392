import { Identity, Module } from "../nn";
import { type AdaptableModel, AdaptedModel } from "./adapted-model";
import type { DecisionSpace } from "./decisions";
import { Gate, type GateOptions } from "./gate";
import { embedderIn, type Policy, PolicyNetwork, type PolicyOptions } from "./policy";
import { RoutedSite } from "./routed-site";
import { Routing } from "./routing";
import { findSites, matchPaths } from "./site";
import { type Strategy, type StrategyName, strategyNamed } from "./strategy";
import { shared, shareFrozen } from "./weights";

export interface AdaptOptions {
  /** A policy, or the size of a policy network; a static strategy has none. */
  readonly policy?: Policy | PolicyOptions;
  readonly gate?: GateOptions;
}

/**
 * Makes a pretrained model adaptive: a policy decides, for each input, what runs at its sites.
 *
 * The given model is left as it is. The result shares the storage of its frozen weights and has
 * copies of those that train. Throws where patterns of the strategy match nothing in the model.
 */
export function adapt<M extends AdaptableModel>(
  model: M,
  strategy: Strategy | StrategyName,
  { policy = {}, gate }: AdaptOptions = {},
): AdaptedModel<M> {
  const plan = typeof strategy === "string" ? strategyNamed(strategy) : strategy;
  const space: DecisionSpace = {
    sites: plan.where === null ? [] : findSites(model, plan.where),
    alternatives: plan.what.map(({ name }) => name),
  };
  const backbone = shareFrozen(model, { ...plan, except: [...plan.except, ...space.sites] });
  const routing = new Routing(space);
  for (const [position, path] of space.sites.entries()) {
    const site = backbone.getModule(path);
    backbone.setModule(path, new RoutedSite(site, position, plan.what, routing));
  }
  const decides = space.sites.length > 0;
  return new AdaptedModel(
    backbone,
    decides ? policyFor(model, plan, space, policy) : null,
    new Gate(gate),
    routing,
  ).train(model.training);
}

function policyFor(
  model: AdaptableModel,
  plan: Strategy,
  space: DecisionSpace,
  policy: Policy | PolicyOptions,
): Policy {
  if (policy instanceof Module) return policy;
  const { hidden_size: width } = embedderIn(model).config;
  const embeddingsTrain = plan.also.length > 0;
  const snapshot = embeddingsTrain ? embeddingsOf(model, plan, space) : null;
  const { device, dtype } = model.parameters()[0];
  return new PolicyNetwork(space, width, snapshot, policy).to(device).to(dtype);
}

/** The pretrained embeddings for a policy to keep: the model without its sites and its head. */
function embeddingsOf(model: AdaptableModel, { head }: Strategy, { sites }: DecisionSpace) {
  const snapshot = embedderIn(model.clone(shared));
  const paths = snapshot.namedModules().map(([path]) => path);
  for (const path of [...sites, ...matchPaths(head, paths, "part")]) {
    snapshot.setModule(path, new Identity());
  }
  return snapshot.eval();
}
