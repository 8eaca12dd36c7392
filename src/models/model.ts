import { Module, uniqueWeights } from "../nn";
import * as torch from "../torch";
import { findCheckpoint, readConfig, withoutWrapper, writeCheckpoint } from "./checkpoint";

/** What a class of models has beside its constructor. */
export interface ModelClass<M extends Model = Model> {
  new (config: never): M;
  /** `model_type` in config.json; "" in the base class. */
  readonly modelType: string;
  readonly Config: (new (values: never) => object) | null;
}

/** Base of pretrained models: a module that a configuration describes. */
export abstract class Model extends Module {
  static readonly modelType: string = "";
  static readonly Config: ModelClass["Config"] = null;

  abstract readonly config: object;

  /**
   * Reads a model from a folder with `config.json` and `model.safetensors`, or from a weights file
   * with a `config.json` beside it. On `Model` itself the configuration's `model_type` picks the
   * class; on a class of models it is checked. Names may start with `module.`, as wrappers leave it.
   *
   * @throws Error that names the file: no or another model type, a configuration's problems, missing
   * and unexpected names, wrong shapes.
   */
  static fromPretrained<M extends Model>(
    this: abstract new (
      ...args: never[]
    ) => M,
    path: string,
  ): M {
    const files = findCheckpoint(path);
    const { model_type, ...values } = readConfig(files.config);
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked, a model or the base
    const modelClass = classFor(this as ModelClass<M>, model_type, files.config);
    return torch.scope(() => {
      try {
        const model = new modelClass(new modelClass.Config!(values as never) as never);
        model.loadStateDict(withoutWrapper(torch.load(files.weights)));
        return model;
      } catch (error) {
        throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
      }
    });
  }

  /** Writes `config.json` and `model.safetensors` into a folder; each file appears whole or not. */
  savePretrained(folder: string): void {
    const { modelType } = this.constructor as unknown as ModelClass;
    // A tied weight goes once, by its first name: reading asks for no more.
    const weights = Object.fromEntries(uniqueWeights(Object.entries(this.stateDict())));
    writeCheckpoint(folder, { model_type: modelType, ...this.config }, weights);
  }
}

/** The class to make: the one asked, after a check, or the one that the base class looks up. */
function classFor<M extends Model>(asked: ModelClass<M>, type: unknown, file: string) {
  const known = modelClasses();
  const found = known.find(({ modelType }) => modelType === type);
  if (!found) {
    const types = known.map(({ modelType }) => modelType).join(", ");
    throw new Error(`${file}: model_type is ${JSON.stringify(type)}; known are ${types}`);
  }
  const fits = asked.modelType === "" || asked.modelType === type;
  if (fits) return (asked.modelType === "" ? found : asked) as ModelClass<M>;
  throw new Error(`${file}: is a ${type} (${found.name}), not a ${asked.name}`);
}

/** Looked up when used: the models import this file. */
function modelClasses(): readonly ModelClass[] {
  return (require("./model-classes") as typeof import("./model-classes")).modelClasses;
}
