import test from "ava";
import { runScript } from "./child";
import { problemsOf, type SoakReport } from "./soak-run";

/** `npm run soak` does the same for longer, a process for each scenario. */
function soak(scenario: string, operations: number): SoakReport {
  const { status, signal, stdout, stderr } = runScript("soak-run.ts", [scenario, `${operations}`]);
  if (status !== 0 || stderr) throw new Error(`${scenario}: ${signal ?? status}\n${stderr}`);
  return JSON.parse(stdout);
}

for (const [scenario, operations] of [
  ["mixed", 200_000],
  ["workers", 60_000],
] as const) {
  test.serial(`resident memory stays level: ${scenario}`, (t) => {
    const report = soak(scenario, operations);
    t.true(report.operations >= operations);
    t.deepEqual(problemsOf(report), [], JSON.stringify(report));
  });
}

test.serial("tensors that something holds are found out", (t) => {
  const [tensors, memory] = problemsOf(soak("leaking tensors", 80_000));
  t.regex(tensors, /^\d{5} tensors are left$/);
  t.regex(memory, /^\d+\.\d MB more are resident/);
});

test.serial("memory that no tensor has is found out", (t) => {
  const [memory, ...others] = problemsOf(soak("leaking memory", 80_000));
  t.regex(memory, /^\d+\.\d MB more are resident/);
  t.false(others.some((other) => other.includes("tensors")));
});
