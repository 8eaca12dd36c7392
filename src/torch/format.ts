import { operator } from "./dispatch";
import { native } from "./native";
import type { Tensor } from "./tensor";

// PyTorch's print options.
const precision = 4;
const threshold = 1000; // elements; larger tensors are summarised
const edgeItems = 3;
const lineWidth = 80;

/** The text that PyTorch prints for a tensor. */
export function format(tensor: Tensor): string {
  const prefix = "tensor(";
  const isEmpty = tensor.numel() === 0;
  const hidesElements = isEmpty || tensor.device === "meta" || isDeep(tensor);
  const body = hidesElements ? elementless(tensor) : content(tensor);
  return withSuffixes(prefix + body, suffixes(tensor, isEmpty), prefix.length);
}

/** Brackets within brackets take time by the square of their number. */
const mostDimensions = 64;

function isDeep({ ndim }: Tensor): boolean {
  return ndim > mostDimensions;
}

function elementless(tensor: Tensor): string {
  return tensor.device === "meta" || isDeep(tensor) ? "..." : "[]";
}

function sizeText(shape: readonly number[]): string {
  if (shape.length > mostDimensions) {
    const first = shape.slice(0, 8).join(", ");
    return `size=(${first}, ... ${shape.length.toLocaleString("en")} dimensions)`;
  }
  return `size=(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}

function suffixes(tensor: Tensor, isEmpty: boolean): string[] {
  const { dtype, device, shape } = tensor;
  const list: string[] = [];
  if (device !== "cpu") list.push(`device='${device}'`);
  const hidesShape = device === "meta" || isDeep(tensor) || (isEmpty && shape.length !== 1);
  if (hidesShape) list.push(sizeText(shape));
  const plain = isEmpty ? ["float32"] : ["float32", "int64", "bool", "complex64"];
  if (!plain.includes(dtype)) list.push(`dtype=torch.${dtype}`);
  const { gradFn } = tensor;
  if (gradFn) list.push(`grad_fn=<${gradFn}>`);
  else if (tensor.requiresGrad) list.push("requires_grad=True");
  return list;
}

function withSuffixes(text: string, list: readonly string[], indent: number): string {
  let result = text;
  let length = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of list) {
    if (length + suffix.length + 2 > lineWidth) {
      result += `,\n${" ".repeat(indent)}${suffix}`;
      length = indent + suffix.length;
    } else {
      result += `, ${suffix}`;
      length += suffix.length + 2;
    }
  }
  return `${result})`;
}

/** The nested brackets; of a large tensor only the shown elements are read. */
function content(tensor: Tensor): string {
  const isSummary = tensor.numel() > threshold;
  const cut = tensor.shape.map((size) => isSummary && size > 2 * edgeItems);
  const shown = cut.reduce(
    (rest, isCut, dim) => (isCut ? edges(rest, dim) : rest),
    tensor.detach(),
  );
  const { text, width } = formatter(shown);
  return brackets(shown.shape, cut, "tensor(".length, width, text);
}

const cat = operator("aten::cat");

function edges(tensor: Tensor, dim: number): Tensor {
  const size = tensor.shape[dim];
  const ends = [tensor.narrow(dim, 0, edgeItems), tensor.narrow(dim, size - edgeItems, edgeItems)];
  return cat(ends, dim) as Tensor;
}

interface Formatter {
  /** The element at a position in row-major order, padded. */
  readonly text: (at: number) => string;
  readonly width: number;
}

function formatter(tensor: Tensor): Formatter {
  const { dtype } = tensor;
  const read = native.toTypedArray(tensor);
  // Python shows the bytes of float4_e2m1fn_x2 as floats.
  const data = dtype.startsWith("float4") ? Float64Array.from(read as Uint8Array) : read;
  if (dtype.startsWith("complex")) return complexFormatter(data as Float64Array);
  if (data instanceof Float32Array || data instanceof Float64Array) return floatFormatter(data);
  const texts = Array.from(data as ArrayLike<number | bigint>, (value) =>
    dtype === "bool" ? (value ? "True" : "False") : String(value),
  );
  const width = Math.max(1, ...texts.map((one) => one.length));
  return { text: (at) => texts[at].padStart(width), width };
}

function floatFormatter(data: ArrayLike<number>): Formatter {
  const values = Array.from(data);
  const visible = values.filter((value) => Number.isFinite(value) && value !== 0);
  const magnitudes = visible.map(Math.abs);
  const [least, most] = [Math.min(...magnitudes), Math.max(...magnitudes)];
  const isWhole = visible.every(Number.isInteger);
  const isWide = visible.length > 0 && (most / least > 1000 || most > 1e8);
  const isScientific = isWide || (visible.length > 0 && !isWhole && least < 1e-4);
  const write = (value: number): string => {
    if (!Number.isFinite(value))
      return String(value).replace("NaN", "nan").replace("Infinity", "inf");
    if (isScientific) return scientific(value);
    return isWhole ? `${fixed(value, 0)}.` : fixed(value, precision);
  };
  const width = Math.max(1, ...visible.map((value) => write(value).length));
  return { text: (at) => write(values[at]).padStart(width), width };
}

function complexFormatter(pairs: ArrayLike<number>): Formatter {
  const all = Array.from(pairs);
  const real = floatFormatter(all.filter((_, i) => i % 2 === 0));
  const imaginary = floatFormatter(all.filter((_, i) => i % 2 === 1));
  const text = (at: number) => {
    const part = `${imaginary.text(at).trimStart()}j`;
    return real.text(at) + (/^[+-]/.test(part) ? part : `+${part}`);
  };
  return { text, width: real.width + imaginary.width + 1 };
}

function brackets(
  shape: readonly number[],
  cut: readonly boolean[],
  indent: number,
  width: number,
  text: (at: number) => string,
): string {
  const strides = shape.map((_, dim) => shape.slice(dim + 1).reduce((a, b) => a * b, 1));
  const row = (offset: number, depth: number): string => {
    const items = Array.from({ length: shape[depth] }, (_, i) => text(offset + i));
    if (cut[depth]) items.splice(edgeItems, 0, " ...");
    const perLine = Math.max(1, Math.floor((lineWidth - indent - depth) / (width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine)
      lines.push(items.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,\n${" ".repeat(indent + depth + 1)}`)}]`;
  };
  const level = (offset: number, depth: number): string => {
    if (depth === shape.length) return text(offset);
    if (depth === shape.length - 1) return row(offset, depth);
    const parts = Array.from({ length: shape[depth] }, (_, i) =>
      level(offset + i * strides[depth], depth + 1),
    );
    if (cut[depth]) parts.splice(edgeItems, 0, "...");
    const below = shape.length - depth;
    return `[${parts.join(`,${"\n".repeat(below - 1)}${" ".repeat(indent + depth + 1)}`)}]`;
  };
  return level(0, 0);
}

/** Python's {:.Nf}: exact ties go to the even digit, where JavaScript goes up. */
function fixed(value: number, digits: number): string {
  return toEvenTie(value, digits, (places) => value.toFixed(places));
}

/** Python's {:.4e}: two digits of exponent at least. */
function scientific(value: number): string {
  const text = toEvenTie(value, precision, (places) => value.toExponential(places));
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function toEvenTie(value: number, digits: number, write: (places: number) => string): string {
  const exact = /^(-?\d+)\.(\d*)(e.*)?$/.exec(write(100));
  const kept = exact && exact[1] + exact[2].slice(0, digits);
  const isTie = exact !== null && /^50*$/.test(exact[2].slice(digits));
  if (!isTie || !kept || Number(kept.at(-1)) % 2 === 1) return sign(value, write(digits));
  const fraction = digits > 0 ? `.${exact[2].slice(0, digits)}` : "";
  return exact[1] + fraction + (exact[3] ?? "");
}

function sign(value: number, text: string): string {
  return Object.is(value, -0) && !text.startsWith("-") ? `-${text}` : text;
}
