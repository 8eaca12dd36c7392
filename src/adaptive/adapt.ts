import { hiddenName } from "../models/stand-ins";
import { Identity, Module, type MultiHeadAttention } from "../nn";
import { checkOptions } from "../torch/errors";
import { type AdaptableModel, AdaptedModel } from "./adapted-model";
import type { Alternative } from "./alternative";
import type { DecisionSpace } from "./decisions";
import { type Execution, type Way, wayOf } from "./execution";
import { Gate, type GateOptions } from "./gates";
import { labelled } from "./merge";
import { makePolicy, type Policy, type PolicyOptions } from "./policies";
import { embedderIn, type PolicyContext } from "./policies/policy";
import { replaceModule } from "./replace-module";
import { Routing } from "./routing";
import { findSites, type Site } from "./site";
import { type StrategyName, strategyNamed } from "./strategies";
import type { Strategy } from "./strategy";
import { modulesWithin, owned, shared, shareFrozen, taskHead } from "./weights";

export interface AdaptOptions {
  /** A policy, or what it is, by default a small transformer; a static strategy has none. */
  readonly policy?: Policy | PolicyOptions;
  readonly gate?: GateOptions;
  /** What sites run: what was picked, `routed`, all in shapes that stay, `static`, or all: `masked`. */
  readonly execution?: Execution;
}

/**
 * Makes a pretrained model adaptive: a policy decides, for each input, what runs at its sites.
 *
 * The given model is left as it is. The result shares the storage of its frozen weights and has
 * copies of those that train. Throws where patterns of the strategy match nothing in the model,
 * and where its alternatives do not go together.
 */
export function adapt<M extends AdaptableModel>(
  model: M,
  strategy: Strategy | StrategyName,
  options: AdaptOptions = {},
): AdaptedModel<M> {
  const {
    policy = {},
    gate = {},
    execution = "routed",
  } = checkOptions("adapt", options, ["policy", "gate", "execution"]);
  const plan = typeof strategy === "string" ? strategyNamed(strategy) : strategy;
  refuseClashes(plan);
  const head = plan.head ?? taskHead(model);
  const sites = plan.where === null ? [] : findSites(model, plan.where);
  const paths = [...new Set(sites.map(({ path }) => path))];
  const backbone = shareFrozen(model, { ...plan, head, except: [...plan.except, ...paths] });
  const decides = plan.what.length > 1 && sites.length > 0;
  const space: DecisionSpace = {
    sites: decides ? sites.map(({ name }) => name) : [],
    alternatives: decides ? plan.what.map(({ name }) => name) : [],
  };
  const routing = new Routing(space);
  const run = { what: plan.what, routing, way: wayOf(execution) };
  for (const path of paths) {
    const group = [...sites.entries()].filter(([, site]) => site.path === path);
    const label = hiddenName(backbone, path);
    replaceModule(backbone, path, (module) => inPlace(module, group, label, run));
  }
  const chosen = decides ? policyFor(model, { also: plan.also, head, paths }, space, policy) : null;
  const origin = {
    strategy: { ...plan, head },
    policy: policy instanceof Module ? null : policy,
    gate,
    execution,
  };
  return new AdaptedModel(backbone, chosen, new Gate(gate, space), routing, origin).train(
    model.training,
  );
}

/** What sites run, by whose decisions, and how. */
interface Run {
  readonly what: readonly Alternative[];
  readonly routing: Routing;
  readonly way: Way;
}

/** What takes a module's place: its routed twin, or the one alternative that there is. */
function inPlace(
  module: Module,
  sites: readonly (readonly [position: number, site: Site])[],
  label: string,
  { what, routing, way }: Run,
): Module {
  const [position, { part, head }] = sites[0];
  if (what.length === 1) return labelled(what[0].build(module, part), label);
  if (head === null) {
    const Twin = part === "intermediate" ? way.Intermediate : way.Site;
    return new Twin(module, position, what, routing, part, label);
  }
  const positions: number[] = [];
  for (const [place, site] of sites) positions[site.head!] = place;
  return new way.Heads(module as MultiHeadAttention, positions, what, routing);
}

function refuseClashes({ name, where, what }: Strategy): void {
  const names = what.map((alternative) => alternative.name);
  const problems: string[] = [];
  if (where !== null && what.length === 0) problems.push("its sites have no alternatives");
  if (new Set(names).size < names.length) problems.push("alternatives share a name");
  if (what.filter(({ keepsNames }) => keepsNames).length > 1) {
    problems.push("several alternatives keep the names of the site");
  }
  if (problems.length > 0) {
    throw new Error(`strategy ${name} (${names.join(", ") || "nothing"}): ${problems.join("; ")}`);
  }
}

interface Parts {
  readonly also: readonly string[];
  readonly head: readonly string[];
  /** Where the sites are. */
  readonly paths: readonly string[];
}

function policyFor(
  model: AdaptableModel,
  parts: Parts,
  space: DecisionSpace,
  policy: Policy | PolicyOptions,
): Policy {
  if (policy instanceof Module) return policy;
  const context: PolicyContext = {
    space,
    width: () => embedderIn(model).config.hidden_size,
    embeddings: (kind) => embeddingsOf(model, parts, kind === "own" ? owned : shared),
    embeddingsTrain: parts.also.length > 0,
  };
  const { device, dtype } = model.parameters()[0];
  return makePolicy(context, policy).to(device).to(dtype);
}

/** Embeddings for a policy to keep: the model without its sites and its head. */
function embeddingsOf(
  model: AdaptableModel,
  { paths, head }: Parts,
  weights: typeof owned | typeof shared,
) {
  const kept = embedderIn(model.clone(weights));
  for (const path of [...paths, ...modulesWithin(model, head)]) {
    kept.setModule(path, new Identity());
  }
  return kept.eval();
}
