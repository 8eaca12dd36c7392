import { checkOptions } from "../../torch/errors";
import { knownInstead } from "../../torch/nearest";
import type { Estimator } from "./estimator";
import { straightThrough } from "./estimator";
import type { GateOptions } from "./gate";
import { type GumbelRaoOptions, gumbelRao } from "./gumbel-rao";
import { type ReinforceOptions, reinforce } from "./reinforce";
import { reinMax } from "./reinmax";
import {
  type Annealing,
  constantTemperature,
  cosineTemperature,
  exponentialTemperature,
  linearTemperature,
  type Temperature,
} from "./temperature";

/** A schedule of the temperature as plain data. */
export interface TemperatureSchedule extends Annealing {
  readonly schedule: "linear" | "exponential" | "cosine";
}

/** An estimator as plain data. */
export type EstimatorOptions =
  | { readonly kind: "straight-through" | "reinmax" }
  | ({ readonly kind: "gumbel-rao" } & GumbelRaoOptions)
  | ({ readonly kind: "reinforce" } & ReinforceOptions);

/** The temperature at each step. */
export function temperatureOf(
  temperature: Temperature | TemperatureSchedule,
): (step: number) => number {
  if (typeof temperature === "function") return temperature;
  if (typeof temperature === "number") return constantTemperature(temperature);
  checkOptions("a gate's temperature", temperature, ["schedule", "start", "end", "steps"]);
  const { schedule, ...annealing } = temperature;
  return chosen(
    "a gate's temperature is a number, a function, or a schedule",
    schedules,
    schedule,
  )(annealing);
}

export function estimatorOf(estimator: Estimator | EstimatorOptions): Estimator {
  if (typeof estimator === "function") return estimator;
  if (typeof estimator === "string")
    throw new TypeError(`a gate's estimator is { kind: "${estimator}" }`);
  const { kind, ...options } = estimator;
  return chosen("a gate's estimator is a function, or of a kind", estimators, kind)(options);
}

/** What a name stands for; throws for one that is not known. */
function chosen<T>(what: string, known: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(known, name)) return known[name];
  const names = Object.keys(known);
  throw new TypeError(
    `${what}: ${names.join(", ")}; not "${name}": ${knownInstead(String(name), names)}`,
  );
}

/** The parts of a gate that are functions of a user's, which no file can hold. */
export function functionsIn(options: GateOptions): string[] {
  return Object.entries(options).flatMap(([name, part]) =>
    typeof part === "function" ? [name] : [],
  );
}

const estimators: Readonly<Record<string, (options: object) => Estimator>> = {
  "straight-through": (options) => withoutOptions("straight-through", options, straightThrough),
  reinmax: (options) => withoutOptions("reinmax", options, reinMax),
  "gumbel-rao": gumbelRao,
  reinforce,
};

function withoutOptions(kind: string, options: object, estimator: Estimator): Estimator {
  checkOptions(`the estimator ${kind}`, options, []);
  return estimator;
}

const schedules = {
  linear: linearTemperature,
  exponential: exponentialTemperature,
  cosine: cosineTemperature,
};
