import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { functional } from "../../src/nn";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";
import { reference, weightedSum } from "../reference/load";
import { same, type Untyped } from "../torch/support";

/** An argument or a result as the reference script writes it. */
type Encoded = number | string | boolean | null | Encoded[] | Stored | { number: string };

interface Stored {
  readonly tensor?: string;
  /** Of pairs (re, im). */
  readonly complex?: string;
  readonly grad?: string;
  /** The tensor of this number once more. */
  readonly again?: number;
  /** A function of two tensors: the sum of absolute differences of rows. */
  readonly distance?: true;
}

interface Case {
  readonly name: string;
  readonly module: "torch" | "F";
  readonly function: string;
  readonly args: readonly Encoded[];
  readonly options: Readonly<Record<string, Encoded>>;
  readonly seed?: number;
  readonly refused?: true;
  readonly result?: Encoded;
}

const file = join(__dirname, "../reference/functions.safetensors");
const values = reference("functions");
const metadata = torch.loadMetadata(file);
const cases: readonly Case[] = JSON.parse(metadata.cases);
const modules = { torch, F: functional } as unknown as Record<string, Untyped>;

for (const each of cases) {
  test(`${each.name}${each.refused ? " is refused" : ""}`, (t) => {
    torch.scope(() => replay(t, each));
  });
}

function replay(t: ExecutionContext, each: Case): void {
  const given: { leaf: Tensor; passed: Tensor; grad?: string }[] = [];
  const decode = (value: Encoded): unknown => {
    if (Array.isArray(value)) return value.map(decode);
    if (typeof value !== "object" || value === null) return value;
    if ("number" in value) return Number(value.number.replace("inf", "Infinity"));
    if (value.distance) return (a: Tensor, b: Tensor) => a.sub(b).abs().sum(-1);
    if (value.again !== undefined) return given[value.again].passed;
    const { tensor, complex, grad } = value;
    const leaf = values[(tensor ?? complex) as string].clone().requiresGrad_(grad !== undefined);
    const whole = complex ? torch.viewAsComplex(leaf) : leaf;
    const passed = each.options.inplace ? whole.clone() : whole;
    given.push({ leaf, passed, grad });
    return passed;
  };
  const args = each.args.map(decode);
  const options = Object.entries(each.options).map(([name, value]) => [camel(name), decode(value)]);
  if (options.length > 0) args.push(Object.fromEntries(options));
  const call = () => modules[each.module][camel(each.function)](...args);
  if (each.seed !== undefined) torch.manualSeed(each.seed);
  if (each.refused) {
    const error = t.throws(call);
    t.regex(`${error?.name}`, /^(TorchError|TypeError|RangeError)$/);
    return;
  }
  const out = call();
  compare(t, out, each.result as Encoded, "result");
  if (given.every(({ grad }) => grad === undefined)) return;
  const losses = tensorsOf(out)
    .filter((x) => x.requiresGrad)
    .map((x) => weightedSum(x.isComplex() ? torch.viewAsReal(x.resolveConj()) : x));
  losses.reduce((a, b) => a.add(b)).backward();
  for (const [n, { leaf, grad }] of given.entries()) {
    if (grad) same(t, (leaf.grad as Tensor).toDense(), values[grad], `gradient of tensor ${n}`);
  }
}

function compare(t: ExecutionContext, actual: unknown, expected: Encoded, what: string): void {
  if (Array.isArray(expected)) {
    t.true(Array.isArray(actual), `${what}: an array`);
    const items = actual as unknown[];
    t.is(items.length, expected.length, `${what}: length`);
    for (const [n, item] of expected.entries()) compare(t, items[n], item, `${what}[${n}]`);
  } else if (typeof expected === "object" && expected !== null && !("number" in expected)) {
    t.true(actual instanceof Tensor, `${what}: a Tensor`);
    const x = actual as Tensor;
    const real = expected.complex ? torch.viewAsReal(x.resolveConj()) : x.resolveNeg();
    same(t, real, values[(expected.complex ?? expected.tensor) as string], what);
  } else t.deepEqual(actual, expected, what);
}

function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsOf) : [];
}

/** max_pool2d_with_indices -> maxPool2dWithIndices; a trailing _ stays. */
function camel(name: string): string {
  return name.replace(/(?<=[^_])_+([^_])/g, (_, letter: string) => letter.toUpperCase());
}
