import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";
import { reference, weightedSum } from "../reference/load";
import { loose, looseMethods, same, type Untyped } from "./support";

/** An argument or result as the reference script writes it. */
type Encoded =
  | number
  | string
  | boolean
  | null
  | Encoded[]
  | { tensor: string; grad?: string; after?: string }
  | { complex: string }
  | { number: string };

interface Case {
  readonly name: string;
  readonly op: string;
  readonly args: Encoded[];
  readonly options: Readonly<Record<string, Encoded>>;
  /** Only as `torch.ops.aten`: the function of this name is something else. */
  readonly raw: boolean;
  readonly method: boolean;
  readonly result: Encoded;
}

/** A tensor made for one call, and the reference names of what the call leaves in it. */
interface Given {
  readonly leaf: Tensor;
  readonly passed: Tensor;
  readonly grad?: string;
  readonly after?: string;
}

const values = reference("torch-ops");
const file = join(__dirname, "../reference/torch-ops.safetensors");
const cases: Case[] = JSON.parse(torch.loadMetadata(file).cases);

for (const each of cases) {
  test(each.name, (t) => {
    for (const [form, call] of forms(each)) replay(t, each, form, call);
  });
}

test("the cases cover what they are meant to", (t) => {
  const differentiated = cases.filter(({ args }) => JSON.stringify(args).includes('"grad"'));
  t.true(new Set(cases.map(({ op }) => op)).size >= 250);
  t.true(new Set(differentiated.map(({ op }) => op)).size >= 200);
  const dtypes = new Set(Object.values(values).map(({ dtype }) => dtype));
  for (const dtype of ["float64", "float32", "bfloat16", "float16", "int64", "int32", "bool"]) {
    t.true(dtypes.has(dtype as torch.DType), dtype);
  }
});

type Call = (args: unknown[]) => unknown;

/** The ways to call the operator: function, method and raw. */
function forms({ op, args, options, raw, method }: Case): [string, Call][] {
  const calls: [string, Call][] = [];
  const own = camelCase(op);
  if (!raw) calls.push([`torch.${own}`, (given) => loose[own](...given)]);
  if (!raw && method && isTensor(args[0])) {
    calls.push([`Tensor.${own}`, ([self, ...rest]) => looseMethods(self as Tensor)[own](...rest)]);
  }
  const named = Object.keys(options).some((name) => name.includes("_"));
  if (!named) {
    calls.push([
      `torch.ops.aten.${op}`,
      (given) => (torch.ops.aten as unknown as Untyped)[op](...given),
    ]);
  }
  return calls;
}

function replay(
  t: ExecutionContext,
  { op, args, options, result }: Case,
  form: string,
  call: Call,
) {
  torch.scope(() => {
    const given: Given[] = [];
    const decode = (value: Encoded) => decodeArgument(value, op.endsWith("_"), given);
    const positional = args.map(decode);
    const named = Object.entries(options).map(([name, value]) => [camelCase(name), decode(value)]);
    if (named.length > 0) positional.push(Object.fromEntries(named));
    const out = call(positional);
    compare(t, out, result, form);
    if (op.endsWith("_") && result !== null) t.is(out, given[0].passed, `${form} gives back self`);
    for (const { after, passed } of given) {
      if (after) same(t, passed, values[after], `${form}: argument after the call`);
    }
    const differentiable = tensorsOf(out).filter((x) => x.requiresGrad);
    if (given.every(({ grad }) => !grad)) return;
    t.true(differentiable.length > 0, `${form} is differentiable`);
    const losses = differentiable.map((x) => weightedSum(x.isComplex() ? torch.viewAsReal(x) : x));
    losses.reduce((a, b) => a.add(b)).backward();
    for (const [n, { grad, leaf }] of given.entries()) {
      if (grad) same(t, leaf.grad!, values[grad], `${form}: gradient of tensor ${n}`);
    }
  });
}

function decodeArgument(value: Encoded, inPlace: boolean, given: Given[]): unknown {
  if (Array.isArray(value)) return value.map((item) => decodeArgument(item, inPlace, given));
  if (typeof value !== "object" || value === null) return value;
  if ("number" in value) return Number(value.number.replace("inf", "Infinity"));
  if (!("tensor" in value)) throw new Error("a complex argument");
  const { tensor, grad, after } = value;
  const leaf = values[tensor].clone().requiresGrad_(grad !== undefined);
  const passed = inPlace ? leaf.clone() : leaf;
  given.push({ leaf, passed, grad, after });
  return passed;
}

function compare(t: ExecutionContext, actual: unknown, expected: Encoded, what: string): void {
  if (expected === null) return;
  if (Array.isArray(expected)) {
    t.true(Array.isArray(actual), `${what}: an array`);
    const items = actual as unknown[];
    t.is(items.length, expected.length, `${what}: length`);
    for (const [n, item] of expected.entries()) compare(t, items[n], item, `${what}[${n}]`);
  } else if (typeof expected === "object" && !("number" in expected)) {
    t.true(actual instanceof Tensor, `${what}: a Tensor`);
    const x = actual as Tensor;
    if ("tensor" in expected) same(t, x, values[expected.tensor], what);
    else same(t, torch.viewAsReal(x), values[expected.complex], what);
  } else {
    t.deepEqual(actual, expected, what);
  }
}

function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsOf) : [];
}

function isTensor(value: Encoded): boolean {
  return typeof value === "object" && value !== null && "tensor" in value;
}

/** scaled_dot_product_attention -> scaledDotProductAttention; leading and trailing _ stay. */
function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
