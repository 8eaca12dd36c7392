/** A temperature, or a schedule: the temperature at a training step, from 0. */
export type Temperature = number | ((step: number) => number);

/** A temperature that changes from `start` at step 0 to `end` at step `steps` - 1 and then stays. */
export interface Annealing {
  readonly start: number;
  readonly end: number;
  readonly steps: number;
}

/** The same at all steps. */
export function constantTemperature(temperature: number): (step: number) => number {
  return () => temperature;
}

/** In a straight line. */
export function linearTemperature({ start, end, steps }: Annealing): (step: number) => number {
  return (step) => start + (end - start) * progress(step, steps);
}

/** By the same factor each step. */
export function exponentialTemperature({ start, end, steps }: Annealing) {
  return (step: number) => start * (end / start) ** progress(step, steps);
}

/** Along half a cosine: slowly at first and at last. */
export function cosineTemperature({ start, end, steps }: Annealing): (step: number) => number {
  const share = (step: number) => (1 - Math.cos(Math.PI * progress(step, steps))) / 2;
  return (step) => start + (end - start) * share(step);
}

function progress(step: number, steps: number): number {
  return Math.min(1, step / Math.max(1, steps - 1));
}
