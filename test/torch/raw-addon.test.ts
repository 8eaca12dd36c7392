import test from "ava";
import { runScript } from "./child";

for (const state of ["--attached", "--bare"]) {
  test(`no function of the addon ends the process, whatever it is given: ${state}`, (t) => {
    const { status, signal, stdout, stderr } = runScript("raw-addon.ts", [state]);
    const lines = stdout.trim().split("\n");
    t.deepEqual([status, signal], [0, null], `after ${lines.at(-1)}: ${stderr}`);
    t.true(lines.length > 100);
    t.regex(`${lines.at(-1)}`, /^\d{5} calls$/);
  });
}
