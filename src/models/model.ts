import { existsSync } from "node:fs";
import { join } from "node:path";
import { Module, tiedApart, uniqueWeights } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { printable } from "../torch/printable";
import { findCheckpoint, readConfig, writeCheckpoint } from "./checkpoint";
import { carriedEntries, unusedEntries } from "./foreign-config";
import { aligned, type Rename, renamed, unwrapped } from "./names";
import { disposeWeights, fill, makeDraft, type PretrainedReport, reportLine } from "./pretrained";
import { describeStandIns, putStandIns, type StandIns } from "./stand-ins";

/** The values of a configuration by their names in `config.json`. */
export type ConfigValues = Readonly<Record<string, unknown>>;

/** What a class of models has beside its constructor. */
export interface ModelClass<M extends Model = Model> {
  new (config: never): M;
  /** `model_type` in config.json; "" in the base class. */
  readonly modelType: string;
  /** The name among `architectures` in config.json. */
  readonly architecture: string;
  readonly Config: { new (values: never): object; readonly keys: readonly string[] } | null;
  /** Where models with heads keep the model without: what stands before its names there. */
  readonly prefix: string;
  /** From the names of other layouts to the model's own. */
  readonly renames: readonly Rename[];
  /** The two names of the weight that `tie_word_embeddings` makes one; null where there is none. */
  readonly tiedWords: readonly [words: string, decoder: string] | null;
  /** Reads the sizes off a state dict that comes without a configuration; null where it cannot. */
  readonly configOf: ((state: Readonly<Record<string, Tensor>>) => ConfigValues) | null;
  readConfig(values: ConfigValues): ConfigValues;
  isBackbone(name: string): boolean;
  isOptional(name: string): boolean;
}

export interface PretrainedOptions {
  /** Entries in place of the checkpoint's; heads of other sizes than there start anew. */
  readonly config?: ConfigValues;
  /** Told how many tensors were loaded, missing and unexpected; by default a line on stderr. */
  readonly report?: (report: PretrainedReport) => void;
}

/** Base of pretrained models: a module that a configuration describes. */
export abstract class Model extends Module {
  static readonly modelType: string = "";
  static readonly architecture: string = "";
  static readonly Config: ModelClass["Config"] = null;
  static readonly prefix: string = "";
  static readonly renames: readonly Rename[] = [];
  static readonly tiedWords: ModelClass["tiedWords"] = null;
  static readonly configOf: ModelClass["configOf"] = null;

  abstract readonly config: object;

  /** What else was in the configuration that the model was read with, such as `id2label`: saved with it. */
  carried: ConfigValues = {};

  /** The entries of a `config.json`, but for its type, that describe the model. */
  static readConfig(values: ConfigValues): ConfigValues {
    return values;
  }

  /** Whether a weight is part of the pretrained network itself rather than of a head. */
  static isBackbone(name: string): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the prefix of the class at hand
    return name.startsWith(`${this.prefix}.`);
  }

  /** Whether checkpoints of this very class may lack a weight, which then starts anew. */
  static isOptional(_name: string): boolean {
    return false;
  }

  /**
   * Reads a model from a folder with `config.json` and `model.safetensors` (whole or in parts) or
   * `pytorch_model.bin`, or from a weights file with a `config.json` beside it or, for layouts that
   * never had one, without. On `Model` itself the configuration picks the class.
   *
   * A checkpoint of the same class has to have all weights. Of another class's the backbone has to be
   * there; heads that are not start anew. Names of wrappers and of original layouts are translated,
   * those that mean nothing to the model are left out and counted.
   *
   * @throws Error that names the file: no or another model type, a configuration's problems, missing
   * weights, wrong shapes, an adaptive model.
   */
  static fromPretrained<M extends Model>(
    this: abstract new (
      ...args: never[]
    ) => M,
    path: string,
    options: PretrainedOptions = {},
  ): M {
    const { config: changes = {}, report = printed(path) } = checkOptions(
      "fromPretrained",
      options,
      ["config", "report"],
    );
    // Its pretrained model alone would be a whole model too, and not what it was exported for.
    if (existsSync(join(path, "adaptive.json"))) {
      throw new Error(
        `${path}: is an adaptive model: AdaptedModel.fromPretrained reads it; exported under a mask ` +
          "it is a plain one",
      );
    }
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked, a model or the base
    const asked = this as ModelClass<M>;
    const files = findCheckpoint(path, { configNeeded: asked.configOf === null });
    const stored = files.config ? readConfig(files.config) : null;
    const modelClass = stored && files.config ? classFor(asked, stored, files.config) : asked;
    return torch.scope(() => {
      try {
        const { state: weights, beside } = unwrapped(torch.load(files.weights), modelClass.prefix);
        const given = renamed(weights, modelClass.renames);
        const values = stored ? storedValues(modelClass, stored) : modelClass.configOf!(given);
        const maker = (more: ConfigValues) => () =>
          makeModel(modelClass, { ...values, ...changes, ...more }, stored);
        let make = maker({});
        let draft = makeDraft(make);
        const state = aligned(given, new Set(Object.keys(draft.stateDict())), modelClass.prefix);
        const untied = tiedApart(Object.entries(draft.stateDict()), state);
        if (untied.length > 0 && modelClass.tiedWords && !("tie_word_embeddings" in changes)) {
          disposeWeights(draft);
          make = maker({ tie_word_embeddings: false });
          draft = makeDraft(make);
        }
        const { model, report: met } = fill(draft, make, state, {
          exact: statedArchitecture(stored) === modelClass.architecture,
          resizes: Object.keys(changes).length > 0,
          isBackbone: (name: string) => modelClass.isBackbone(name),
          isOptional: (name: string) => modelClass.isOptional(name),
        });
        report({
          ...met,
          unexpected: [...met.unexpected, ...beside],
          untied: untied.flatMap(([, ...names]) => names),
          unused: unusedEntries(stored ?? {}, modelClass.Config!.keys),
        });
        return model;
      } catch (error) {
        throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
      }
    });
  }

  /** A model with fresh weights as the `config.json` in a pretrained model's folder describes it. */
  static fromConfig<M extends Model>(this: abstract new (...args: never[]) => M, path: string): M {
    const file = findCheckpoint(path, { configNeeded: true }).config!;
    const stored = readConfig(file);
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked, a model or the base
    const modelClass = classFor(this as ModelClass<M>, stored, file);
    const make = () => makeModel(modelClass, storedValues(modelClass, stored), stored);
    disposeWeights(makeDraft(make));
    return make();
  }

  /** Writes `config.json` and `model.safetensors` into a folder; each file appears whole or not. */
  savePretrained(folder: string): void {
    writePretrained(folder, this, this, describeStandIns(this));
  }
}

/** Writes a model's configuration and the weights of the model, or of a module around it. */
export function writePretrained(
  folder: string,
  model: Model,
  weightsOf: Module,
  stand_ins: StandIns,
): void {
  const { modelType, architecture, tiedWords } = model.constructor as unknown as ModelClass;
  const state = weightsOf.stateDict();
  const config = {
    ...carriedEntries(model.carried, model.config),
    model_type: modelType,
    architectures: [architecture],
    ...(Object.keys(stand_ins).length > 0 && { stand_ins }),
    ...model.config,
    ...(tiedWords && { tie_word_embeddings: state[tiedWords[0]] === state[tiedWords[1]] }),
  };
  // A tied weight goes once, by its first name: reading asks for no more.
  writeCheckpoint(folder, config, Object.fromEntries(uniqueWeights(Object.entries(state))));
}

/** The class to make: the one asked, after a check, or the one that the base class looks up. */
function classFor<M extends Model>(asked: ModelClass<M>, stored: ConfigValues, file: string) {
  const type = stored.model_type;
  const known = modelClasses();
  const ofType = known.filter(({ modelType }) => modelType === type);
  if (ofType.length === 0) {
    const types = [...new Set(known.map(({ modelType }) => modelType))].join(", ");
    throw new Error(`${file}: model_type is ${JSON.stringify(type)}; known are ${types}`);
  }
  const stated = statedArchitecture(stored);
  const found = ofType.find(({ architecture }) => architecture === stated) ?? ofType[0];
  if (asked.modelType === "") return found as ModelClass<M>;
  if (asked.modelType === type) return asked;
  throw new Error(`${file}: is a ${type} (${found.name}), not a ${asked.name}`);
}

function makeModel<M extends Model>(
  modelClass: ModelClass<M>,
  values: ConfigValues,
  stored: ConfigValues | null,
): M {
  const model = new modelClass(new modelClass.Config!(values as never) as never);
  putStandIns(model, (stored?.stand_ins ?? {}) as StandIns);
  model.carried = stored ?? {};
  return model;
}

function storedValues(modelClass: ModelClass, stored: ConfigValues): ConfigValues {
  const { model_type: _, architectures: __, stand_ins: ___, ...values } = stored;
  return modelClass.readConfig(values);
}

function statedArchitecture(stored: ConfigValues | null): unknown {
  return Array.isArray(stored?.architectures) ? stored.architectures[0] : undefined;
}

function printed(path: string): (report: PretrainedReport) => void {
  return (report) => console.error(printable(`${path}: ${reportLine(report)}`));
}

/** Looked up when used: the models import this file. */
function modelClasses(): readonly ModelClass[] {
  return (require("./model-classes") as typeof import("./model-classes")).modelClasses;
}
