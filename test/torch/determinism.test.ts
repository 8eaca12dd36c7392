import test from "ava";
import * as torch from "../../src/torch";
import { runScript } from "./child";
import { loose } from "./support";

/** An operator that has no deterministic form on the CPU. */
const nondeterministic = () =>
  torch.zeros([4]).put_(torch.tensor([0, 0], { dtype: "int64" }), torch.tensor([1, 2]), false);

test.afterEach(() => torch.useDeterministicAlgorithms(false));

test.serial(
  "deterministic algorithms are asked for, and where there are none it is an error",
  (t) => {
    t.false(torch.areDeterministicAlgorithmsEnabled());
    t.notThrows(nondeterministic);
    torch.useDeterministicAlgorithms(true);
    t.true(torch.areDeterministicAlgorithmsEnabled());
    t.false(torch.isDeterministicAlgorithmsWarnOnlyEnabled());
    const error = t.throws(nondeterministic, { instanceOf: torch.TorchError });
    t.regex(error!.message, /put_ does not have a deterministic implementation/);
    t.notRegex(error!.message, /use_deterministic_algorithms/);
    torch.useDeterministicAlgorithms(false);
    t.notThrows(nondeterministic);
  },
);

test.serial("or a warning on standard error", (t) => {
  torch.useDeterministicAlgorithms(true, { warnOnly: true });
  t.true(torch.isDeterministicAlgorithmsWarnOnlyEnabled());
  const { status, stderr } = runScript("determinism-warn.ts");
  t.is(status, 0, stderr);
  t.regex(stderr, /put_ does not have a deterministic implementation/);
});

test.serial("the precision of products of float32", (t) => {
  t.is(torch.getFloat32MatmulPrecision(), "highest");
  for (const precision of ["high", "medium", "highest"] as const) {
    torch.setFloat32MatmulPrecision(precision);
    t.is(torch.getFloat32MatmulPrecision(), precision);
  }
});

test.serial("threads between operators can be set once, before they run", (t) => {
  torch.setNumInteropThreads(3);
  t.is(torch.getNumInteropThreads(), 3);
  t.throws(() => torch.setNumInteropThreads(2), { instanceOf: torch.TorchError });
});

test.serial("wrong calls say what is wrong", (t) => {
  const cases: [() => unknown, RegExp][] = [
    [() => loose.useDeterministicAlgorithms(1), /argument 'mode': expected a boolean, given 1/],
    [() => loose.useDeterministicAlgorithms(true, { warn: true }), /warnOnly.*'warn'/],
    [() => loose.useDeterministicAlgorithms(true, { warnOnly: 1 }), /'warnOnly'.*given 1/],
    [() => loose.setFloat32MatmulPrecision("low"), /"highest", "high", "medium", given "low"/],
    [() => loose.setNumInteropThreads(0), /1 to 1024, given 0/],
    [() => loose.setNumInteropThreads(1.5), /1 to 1024, given 1.5/],
  ];
  for (const [call, message] of cases) t.throws(call, { instanceOf: TypeError, message });
  t.false(torch.areDeterministicAlgorithmsEnabled());
});
