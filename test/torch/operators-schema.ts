import * as torch from "../../src/torch";
import type { Schema } from "../../src/torch/native";

/** An argument as the schema's own text declares it, read without the addon's help. */
export interface Declared {
  readonly name: string;
  /** "int[2]?" */
  readonly type: string;
  readonly keywordOnly: boolean;
  /** The text after "=", or nothing. */
  readonly defaultText?: string;
}

/** The arguments of "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor". */
export function declaredArguments(schema: string): Declared[] {
  const open = schema.indexOf("(");
  let keywordOnly = false;
  const list: Declared[] = [];
  for (const part of splitTop(schema.slice(open + 1, closing(schema, open)))) {
    if (part === "*") keywordOnly = true;
    else {
      const [declaration, defaultText] = splitDefault(part);
      const at = declaration.lastIndexOf(" ");
      const [type, name] = [declaration.slice(0, at), declaration.slice(at + 1)];
      list.push({ name, type, keywordOnly, defaultText });
    }
  }
  return list;
}

/** By c10::ScalarType's numbers, which schemas write. */
const scalarTypes = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"];

/** What JavaScript sees of a default: "[1, 1]" is [1, 1], "None" null, "\"mean\"" "mean". */
export function defaultValue({ type, defaultText }: Declared): unknown {
  if (defaultText === undefined || defaultText === "None") return null;
  if (defaultText === "True" || defaultText === "False") return defaultText === "True";
  if (type.startsWith("ScalarType")) return scalarTypes[Number(defaultText)];
  if (type.startsWith("MemoryFormat"))
    return ["contiguous_format", "preserve_format"][+defaultText];
  const count = Number(/\[(\d+)\]/.exec(type)?.[1] ?? 0);
  if (count > 0 && !defaultText.startsWith("[")) return Array(count).fill(simple(defaultText));
  return simple(defaultText);
}

function simple(defaultText: string): unknown {
  if (/^[-\d]/.test(defaultText)) return Number(defaultText);
  return JSON.parse(defaultText.replace(/\\'/g, "'"));
}

/** A value of each kind that an argument without a default can be given; `length`: "int[3]" has three. */
export function sample(kind: string, length = 2): unknown {
  switch (kind) {
    case "Tensor":
      return torch.zeros([2]);
    case "TensorList":
    case "OptionalTensorList":
      return [torch.zeros([2])];
    case "Int":
      return 3;
    case "IntList":
      return [3, 5, 7, 9, 11, 13].slice(0, length);
    case "Float":
    case "Scalar":
      return 0.375;
    case "FloatList":
    case "ScalarList":
      return [0.375, 0.75];
    case "Bool":
      return true;
    case "BoolList":
      return [true, false];
    case "String":
      return "sample";
    case "StringList":
      return ["sample", "other"];
    case "Dtype":
      return "float64";
    case "Layout":
      return "strided";
    case "MemoryFormat":
      return "channels_last";
    case "Device":
      return "cpu";
    case "Generator":
      return null;
    default:
      throw new Error(`no sample of a ${kind}`);
  }
}

/** The arguments that must be given, as a call writes them. */
export function requiredCall(schema: Schema): unknown[] {
  const declared = declaredArguments(schema.schema);
  const needed = schema.arguments
    .map((argument, i) => ({ ...argument, length: /\[(\d+)\]/.exec(declared[i].type)?.[1] }))
    .filter(({ hasDefault }) => !hasDefault)
    .map(({ length, ...argument }) => ({
      ...argument,
      value: sample(argument.kind, Math.max(2, Number(length ?? 2))),
    }));
  const positional = needed.filter(({ keywordOnly }) => !keywordOnly);
  const named = needed.filter(({ keywordOnly }) => keywordOnly);
  const call = positional.map(({ value }) => value);
  if (named.length === 0) return call;
  return [...call, Object.fromEntries(named.map(({ name, value }) => [name, value]))];
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "(") depth += 1;
    if (text[i] === ")" && --depth === 0) return i;
  }
  throw new Error(`no closing bracket in ${text}`);
}

/** The parts between commas that are in no bracket and no string. */
function splitTop(text: string): string[] {
  const parts = text.match(/(?:"(?:\\.|[^"\\])*"|\[[^\]]*\]|\([^)]*\)|[^,])+/g) ?? [];
  return parts.map((part) => part.trim()).filter(Boolean);
}

function splitDefault(part: string): [string, string | undefined] {
  const at = part.indexOf("=");
  return at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)];
}
