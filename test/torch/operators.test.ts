import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";
import { reference, weightedSum } from "../reference/load";
import { loose, looseMethods, same, type Untyped } from "./support";

/** An argument or result as the reference script writes it. */
type Encoded = number | string | boolean | null | Encoded[] | Stored | { number: string };

/** A tensor by its number: as it is, as pairs (re, im), or with its dimensions reversed. */
interface Stored {
  readonly tensor?: string;
  readonly complex?: string;
  readonly reversed?: string;
  readonly grad?: string;
  readonly after?: string;
}

interface Case {
  readonly name: string;
  readonly op: string;
  readonly args: Encoded[];
  readonly options?: Readonly<Record<string, Encoded>>;
  /** Only as `torch.ops.aten`: the function of this name is something else. */
  readonly raw?: true;
  readonly method?: true;
  /** What the generator is seeded with before the call. */
  readonly seed?: number;
  /** PyTorch throws an error. */
  readonly refused?: true;
  readonly result?: Encoded;
}

interface Family {
  readonly name: string;
  readonly values: Readonly<Record<string, Tensor>>;
  readonly cases: readonly Case[];
}

/** A tensor made for one call, and the reference names of what the call leaves in it. */
interface Given {
  readonly leaf: Tensor;
  readonly passed: Tensor;
  readonly grad?: string;
  readonly after?: string;
}

const families: Family[] = [
  "pointwise",
  "in-place",
  "reductions",
  "shapes",
  "linear-algebra",
  "layers",
  "losses",
  "edges",
].map((name) => {
  const file = join(__dirname, `../reference/torch-ops-${name}.safetensors`);
  const cases = JSON.parse(torch.loadMetadata(file).cases);
  return { name, values: reference(`torch-ops-${name}`), cases };
});

for (const { name, values, cases } of families) {
  for (const each of cases) {
    test(`${name}: ${each.name}`, (t) => {
      for (const [form, call] of forms(each)) {
        if (each.refused) refuses(t, each, values, form, call);
        else replay(t, each, values, form, call);
      }
    });
  }
}

test("the cases cover what they are meant to", (t) => {
  const cases = families.flatMap(({ name, cases }) =>
    name === "edges" ? [] : cases.map((each) => ({ ...each, text: JSON.stringify(each.args) })),
  );
  const bare = ({ op }: { op: string }) => (op.startsWith("_") ? op : op.replace(/_+$/, ""));
  const differentiated = cases.filter(({ text }) => text.includes('"grad"'));
  t.true(new Set(cases.map(bare)).size >= 600);
  t.true(new Set(differentiated.map(bare)).size >= 480);
  const tensors = families.flatMap(({ values }) => Object.values(values));
  const dtypes = new Set(tensors.map(({ dtype }) => dtype));
  for (const dtype of ["float64", "float32", "bfloat16", "float16", "int64", "int32", "bool"]) {
    t.true(dtypes.has(dtype as torch.DType), dtype);
  }
});

type Call = (args: unknown[]) => unknown;

/** The ways to call the operator: function, method and raw. */
function forms({ op, args, options = {}, raw, method }: Case): [string, Call][] {
  const calls: [string, Call][] = [];
  const own = camelCase(op);
  if (!raw) calls.push([`torch.${own}`, (given) => loose[own](...given)]);
  if (!raw && method && isTensor(args[0]) && !isProperty(own)) {
    calls.push([`Tensor.${own}`, ([self, ...rest]) => looseMethods(self as Tensor)[own](...rest)]);
  }
  if (isProperty(own)) calls.push([`Tensor.${own}`, ([self]) => looseMethods(self as Tensor)[own]]);
  const named = Object.keys(options).some((name) => name.includes("_"));
  if (raw || !named) {
    calls.push([
      `torch.ops.aten.${op}`,
      (given) => (torch.ops.aten as unknown as Untyped)[op](...given),
    ]);
  }
  return calls;
}

function refuses(
  t: ExecutionContext,
  each: Case,
  values: Family["values"],
  form: string,
  call: Call,
) {
  torch.scope(() => {
    const error = t.throws(() => call(decoded(each, values, [])), undefined, `${form} is refused`);
    t.regex(`${error?.name}`, /^(TorchError|TypeError)$/, form);
  });
}

function replay(
  t: ExecutionContext,
  each: Case,
  values: Family["values"],
  form: string,
  call: Call,
) {
  const { op, seed, result = null } = each;
  torch.scope(() => {
    const given: Given[] = [];
    const args = decoded(each, values, given);
    if (seed !== undefined) torch.manualSeed(seed);
    const out = call(args);
    compare(t, out, result, values, form);
    if (op.endsWith("_") && result !== null) t.is(out, given[0].passed, `${form} gives back self`);
    for (const { after, passed } of given) {
      if (after) same(t, passed, values[after], `${form}: argument after the call`);
    }
    const differentiable = tensorsOf(out).filter((x) => x.requiresGrad);
    if (given.every(({ grad }) => !grad)) return;
    t.true(differentiable.length > 0, `${form} is differentiable`);
    const losses = differentiable.map((x) =>
      weightedSum(x.isComplex() ? torch.viewAsReal(x.resolveConj()) : x),
    );
    losses.reduce((a, b) => a.add(b)).backward();
    for (const [n, { grad, leaf }] of given.entries()) {
      if (grad) same(t, leaf.grad!, values[grad], `${form}: gradient of tensor ${n}`);
    }
  });
}

/** The values to call with; the tensors among them are added to `given`. */
function decoded({ op, args, options = {} }: Case, values: Family["values"], given: Given[]) {
  const decode = (value: Encoded): unknown => {
    if (Array.isArray(value)) return value.map(decode);
    if (typeof value !== "object" || value === null) return value;
    if ("number" in value) return Number(value.number.replace("inf", "Infinity"));
    const { tensor, complex, reversed, grad, after } = value;
    const leaf = values[(tensor ?? complex ?? reversed)!].clone().requiresGrad_(grad !== undefined);
    const whole = complex ? torch.viewAsComplex(leaf) : reversed ? reverse(leaf) : leaf;
    const passed = op.endsWith("_") ? whole.clone() : whole;
    given.push({ leaf, passed, grad, after });
    return passed;
  };
  const positional = args.map(decode);
  const named = Object.entries(options).map(([name, value]) => [camelCase(name), decode(value)]);
  return named.length > 0 ? [...positional, Object.fromEntries(named)] : positional;
}

function reverse(x: Tensor): Tensor {
  return x.permute(x.shape.map((_, dim) => x.ndim - 1 - dim));
}

function compare(
  t: ExecutionContext,
  actual: unknown,
  expected: Encoded,
  values: Family["values"],
  what: string,
): void {
  if (expected === null) return;
  if (Array.isArray(expected)) {
    t.true(Array.isArray(actual), `${what}: an array`);
    const items = actual as unknown[];
    t.is(items.length, expected.length, `${what}: length`);
    for (const [n, item] of expected.entries()) compare(t, items[n], item, values, `${what}[${n}]`);
  } else if (typeof expected === "object" && !("number" in expected)) {
    t.true(actual instanceof Tensor, `${what}: a Tensor`);
    const x = actual as Tensor;
    if (expected.complex)
      same(t, torch.viewAsReal(x.resolveConj()), values[expected.complex], what);
    else same(t, x.resolveNeg(), values[expected.tensor!], what);
  } else {
    t.deepEqual(actual, expected, what);
  }
}

function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsOf) : [];
}

function isTensor(value: Encoded): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "tensor" in value || "complex" in value || "reversed" in value;
}

/** As x.real is. */
function isProperty(name: string): boolean {
  return Object.getOwnPropertyDescriptor(Tensor.prototype, name)?.get !== undefined;
}

/** scaled_dot_product_attention -> scaledDotProductAttention; leading and trailing _ stay. */
function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([^_])/g, (_, letter: string) => letter.toUpperCase());
}
