import { execFileSync } from "node:child_process";
import path from "node:path";
import test from "ava";

interface Report {
  readonly capability: string;
  readonly errors: Readonly<Record<string, number>>;
  readonly astray: readonly string[];
}

function reportOf(capability: string): Report {
  const script = path.join(__dirname, "packed-products-run.ts");
  const output = execFileSync(process.execPath, ["-r", "ts-node/register/transpile-only", script], {
    encoding: "utf8",
    env: { ...process.env, ATEN_CPU_CAPABILITY: capability },
  });
  return JSON.parse(output);
}

for (const capability of ["default", "avx2", "avx512"]) {
  test(`products of our own equal those of double precision: ${capability}`, (t) => {
    const { errors, astray } = reportOf(capability);
    t.true(Object.keys(errors).length > 60);
    // The rounding of sums of up to 1,600 terms, of which none is large beside the largest result.
    const off = Object.entries(errors).filter(([, error]) => !(error < 5e-6));
    t.deepEqual(off, []);
    t.deepEqual(astray, []);
  });
}
