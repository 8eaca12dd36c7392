import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Model } from "../models";
import { writePretrained } from "../models/model";
import { describeStandIns, type StandIns } from "../models/stand-ins";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { writeWhole } from "../torch/io/atomic";
import { adapt } from "./adapt";
import type { AdaptedModel } from "./adapted-model";
import type { Alternative, AlternativeContent } from "./alternative";
import * as alternatives from "./alternative";
import { biases } from "./biases";
import type { Execution } from "./execution";
import type { GateOptions } from "./gates";
import { functionsIn } from "./gates/options";
import { lowRank } from "./low-rank";
import type { Mask } from "./mask";
import type { Policy, PolicyOptions } from "./policies";
import { RoutedModule } from "./routed-module";
import type { Strategy } from "./strategy";

const DESCRIPTION = "adaptive.json";
const WEIGHTS = "model.safetensors";

export interface ExportOptions {
  /** Decisions for all inputs: then a plain model is written, which needs no policy. */
  readonly mask?: Mask;
}

/**
 * Writes a model into a folder that has all it needs.
 *
 * Where nothing is left to decide (a mask is given, or the strategy is static) that is a plain
 * model, which `Model.fromPretrained` reads. Else it is an adaptive one, for `loadAdapted`:
 *
 *     config.json          of the pretrained model
 *     adaptive.json        sites, alternatives, what else trained, policy, gate and execution
 *     model.safetensors    all weights: frozen, tuned, the policy's
 *
 * Throws for models that are no `Model`, for alternatives that do not say what they are, and for
 * gates with functions of a user's.
 */
export function exportAdapted(
  adapted: AdaptedModel,
  folder: string,
  options: ExportOptions = {},
): void {
  const { mask } = checkOptions("exportAdapted", options, ["mask"]);
  const { model } = adapted;
  if (!(model instanceof Model)) {
    throw new Error(`${model.constructor.name} has no configuration to write: it is no Model`);
  }
  if (mask !== undefined || adapted.sites.length === 0) {
    (adapted.merge(mask) as unknown as Model).savePretrained(folder);
    return;
  }
  const description = describe(adapted);
  writePretrained(folder, model, adapted, standInsOutsideSites(model));
  writeWhole(join(folder, DESCRIPTION), `${JSON.stringify(description, null, 2)}\n`);
}

export interface LoadAdaptedOptions {
  /** A policy of the user's, which no file has. */
  readonly policy?: Policy;
  /** How it computes, in place of what it was written with. */
  readonly execution?: Execution;
}

/** Reads an adaptive model that `exportAdapted` wrote; a policy of the user's has to be given. */
export function loadAdapted(folder: string, options: LoadAdaptedOptions = {}): AdaptedModel {
  const { policy, execution } = checkOptions("loadAdapted", options, ["policy", "execution"]);
  const file = join(folder, DESCRIPTION);
  if (!existsSync(file)) {
    throw new Error(`${file}: there is no such file; Model.fromPretrained reads plain models`);
  }
  const description = JSON.parse(readFileSync(file, "utf8")) as Description;
  const chosen = policy ?? description.policy;
  if (!chosen) throw new Error(`${folder}: was written with a policy of its own: pass { policy }`);
  const { name, sites, head, also, except, gate } = description;
  const what = description.alternatives.map(alternativeOf);
  const strategy: Strategy = { name, where: sites, what, head, also, except };
  const adapted = adapt(Model.fromConfig(folder) as never, strategy, {
    policy: chosen,
    gate,
    execution: execution ?? description.execution,
  });
  torch.scope(() => adapted.loadStateDict(torch.load(join(folder, WEIGHTS))));
  return (adapted as AdaptedModel).eval();
}

/** `adaptive.json` */
interface Description {
  readonly name: string;
  readonly sites: readonly string[];
  readonly alternatives: readonly AlternativeDescription[];
  readonly head: readonly string[];
  readonly also: readonly string[];
  readonly except: readonly string[];
  readonly policy: PolicyOptions | null;
  readonly gate: GateOptions;
  /** Routed where it is not said. */
  readonly execution?: Execution;
}

interface AlternativeDescription {
  readonly name: string;
  readonly keepsNames: boolean;
  readonly content: AlternativeContent;
}

/** What stood in for parts of the model before it was adapted. */
export function standInsOutsideSites(model: Model): StandIns {
  const routed = model.namedModules().filter(([, module]) => module instanceof RoutedModule);
  const inSite = (path: string) => routed.some(([site]) => path.startsWith(`${site}.`));
  return Object.fromEntries(
    Object.entries(describeStandIns(model)).filter(([path]) => !inSite(path)),
  );
}

function describe({ space, origin }: AdaptedModel): Description {
  const { name, what, head, also, except } = origin.strategy;
  const functions = functionsIn(origin.gate);
  if (functions.length > 0) {
    throw new Error(
      `the gate's ${functions.join(" and ")} can not be written as a function: give it as data, such ` +
        'as { schedule: "linear", start, end, steps } or { kind: "gumbel-rao" }',
    );
  }
  const unknown = what.filter(({ content }) => !content);
  if (unknown.length > 0) {
    throw new Error(
      `${unknown.map((one) => one.name).join(", ")} can not be written: alternatives of your own ` +
        "say nothing of what they are; give a mask, so that a plain model is written",
    );
  }
  return {
    name,
    sites: space.sites,
    alternatives: what.map(({ name, keepsNames, content }) => {
      return { name, keepsNames, content: content! };
    }),
    head: head!,
    also,
    except,
    policy: origin.policy,
    gate: origin.gate,
    execution: origin.execution,
  };
}

function alternativeOf({ name, keepsNames, content }: AlternativeDescription): Alternative {
  const { kind, ...options } = content;
  const { build } = kind === "low-rank" ? lowRank(options) : byKind[kind];
  return { name, keepsNames, content, build };
}

const byKind = {
  frozen: alternatives.frozen,
  copy: alternatives.tuned,
  nothing: alternatives.skip,
  linear: alternatives.replace,
  biases,
} as const;
