import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";

/** A value of a node's attribute as TensorFlow.js's graph models write it. */
export interface Attribute {
  readonly b?: boolean;
  readonly i?: string | number;
  /** Base64. */
  readonly s?: string;
  readonly type?: string;
  readonly list?: { readonly i?: readonly (string | number)[]; readonly s?: readonly string[] };
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of nodes; `name:1` is a node's second output, `^name` only orders. */
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, Attribute>>;
}

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string };
}

interface ModelFile {
  readonly modelTopology: { readonly node: readonly GraphNode[] };
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly WeightEntry[];
  }[];
}

/** A model.json with the shards beside it: its nodes, and its weights by name. */
export function readGraph(file: string): {
  nodes: readonly GraphNode[];
  weights: Map<string, Tensor>;
} {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(file, "utf8")) as ModelFile;
  const weights = new Map<string, Tensor>();
  for (const { paths, weights: entries } of weightsManifest) {
    const shards = paths.map((path) => readFileSync(join(dirname(file), path)));
    const bytes = Buffer.concat(shards);
    let offset = 0;
    for (const entry of entries) {
      const { tensor, size } = readWeight(bytes, offset, entry);
      weights.set(entry.name, tensor);
      offset += size;
    }
  }
  return { nodes: modelTopology.node, weights };
}

/** One weight: float16 becomes float32, int32 becomes int64, which indices are here. */
function readWeight(
  bytes: Buffer,
  offset: number,
  { name, shape, dtype, quantization }: WeightEntry,
) {
  const stored = quantization?.dtype ?? dtype;
  const count = shape.reduce((product, each) => product * each, 1);
  const size = count * (stored === "float16" ? 2 : 4);
  const part = new Uint8Array(bytes.subarray(offset, offset + size)); // aligned, by its copy
  if (part.length < size) throw new Error(`${name}: its shards end before it does`);
  const read = READERS[stored];
  if (!read) throw new Error(`${name}: weights of ${stored} are not read here`);
  return { tensor: torch.scope(() => read(part.buffer).reshape([...shape])), size };
}

const READERS: Readonly<Record<string, (buffer: ArrayBuffer) => Tensor>> = {
  float32: (buffer) => torch.tensor(new Float32Array(buffer)),
  float16: (buffer) => torch.tensor(new Int16Array(buffer)).view("float16").to("float32"),
  int32: (buffer) => torch.tensor(new Int32Array(buffer)).to("int64"),
};

/** A list of whole numbers of an attribute, such as strides. */
export function integers(node: GraphNode, name: string): number[] {
  return (node.attr?.[name]?.list?.i ?? []).map(Number);
}

export function integer(node: GraphNode, name: string): number {
  return Number(node.attr?.[name]?.i ?? 0);
}

export function text(node: GraphNode, name: string): string {
  return decode(node.attr?.[name]?.s ?? "");
}

export function texts(node: GraphNode, name: string): string[] {
  return (node.attr?.[name]?.list?.s ?? []).map(decode);
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
