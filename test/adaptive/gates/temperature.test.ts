import test from "ava";
import {
  constantTemperature,
  cosineTemperature,
  exponentialTemperature,
  linearTemperature,
} from "../../../src/adaptive";

const annealing = { start: 8, end: 2, steps: 5 };
const near = (actual: number, expected: number) => Math.abs(actual - expected) < 1e-12;

test("schedules go from start to end, each in its way, and stay there", (t) => {
  for (const [schedule, half] of [
    [linearTemperature(annealing), 5],
    [exponentialTemperature(annealing), 4],
    [cosineTemperature(annealing), 5],
  ] as const) {
    t.true(near(schedule(0), 8));
    t.true(near(schedule(2), half));
    t.true(near(schedule(4), 2));
    t.true(near(schedule(100), 2));
  }
  t.is(constantTemperature(3)(7), 3);
});

test("between, exponential falls first and cosine last", (t) => {
  t.true(near(linearTemperature(annealing)(1), 6.5));
  t.true(near(exponentialTemperature(annealing)(1), 8 * 0.25 ** 0.25));
  t.true(near(cosineTemperature(annealing)(1), 5 + 3 * Math.SQRT1_2));
});

test("one step has the first temperature", (t) => {
  t.is(linearTemperature({ ...annealing, steps: 1 })(0), 8);
});
