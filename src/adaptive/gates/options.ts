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
  return schedules[temperature.schedule](temperature);
}

export function estimatorOf(estimator: Estimator | EstimatorOptions): Estimator {
  if (typeof estimator === "function") return estimator;
  switch (estimator.kind) {
    case "gumbel-rao":
      return gumbelRao(estimator);
    case "reinforce":
      return reinforce(estimator);
    case "reinmax":
      return reinMax;
    default:
      return straightThrough;
  }
}

/** The parts of a gate that are functions of a user's, which no file can hold. */
export function functionsIn(options: GateOptions): string[] {
  return Object.entries(options).flatMap(([name, part]) =>
    typeof part === "function" ? [name] : [],
  );
}

const schedules = {
  linear: linearTemperature,
  exponential: exponentialTemperature,
  cosine: cosineTemperature,
};
