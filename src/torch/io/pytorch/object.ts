import type { Tensor } from "../../tensor";
import { type AnyRecord, isRecord } from "./materialize";
import { maximalDepth, type Saved } from "./saved";
import { TensorRecord } from "./tensor-record";

/** Every record that the unpickled value reaches. */
export function recordsIn(root: unknown): Set<AnyRecord> {
  const found = new Set<AnyRecord>();
  visit(root, (record) => found.add(record));
  return found;
}

/**
 * The records by name: what leads to them, with dots. { state_dict: { w } } gives "state_dict.w"; one
 * alone is called "tensor". Throws Error when two have the same name.
 */
export function namedRecords(root: unknown): Map<string, AnyRecord> {
  const found = new Map<string, AnyRecord>();
  visit(root, (record, path) => {
    const name = path === "" ? "tensor" : path;
    if (found.has(name)) {
      throw new Error(
        `it has two tensors of the name '${name}': torch.loadObject tells them apart`,
      );
    }
    found.set(name, record);
  });
  return found;
}

/** Depth first, containers in order and each once, with the path that leads to each record first. */
function visit(root: unknown, use: (record: AnyRecord, path: string) => void): void {
  const seen = new Set<unknown>();
  const left: { path: string; value: unknown; depth: number }[] = [
    { path: "", value: root, depth: 0 },
  ];
  for (let next = left.pop(); next; next = left.pop()) {
    const { path, value, depth } = next;
    if (isRecord(value)) use(value, path);
    const entries = entriesOf(value);
    if (!entries || seen.has(value)) continue;
    if (depth >= maximalDepth) throw new Error(tooDeep);
    seen.add(value);
    for (const [key, part] of entries.reverse()) {
      const step = stepOf(key);
      left.push({ path: path ? `${path}.${step}` : step, value: part, depth: depth + 1 });
    }
  }
}

const tooDeep = `it is nested in more than ${maximalDepth} levels`;

function entriesOf(value: unknown): [unknown, unknown][] | null {
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...[...value].entries()];
  return Array.isArray(value) ? [...value.entries()] : null;
}

/** Keys that are containers have no name: turning them into texts could take for ever. */
function stepOf(key: unknown): string {
  return typeof key === "object" && key !== null ? "?" : String(key);
}

/**
 * The value with its tensors, containers as JavaScript has them; what was one object stays one.
 */
export function toObject(root: unknown, make: (record: AnyRecord) => Tensor): Saved {
  const made = new Map<unknown, Saved>();
  const convert = (value: unknown, depth: number): Saved => {
    if (typeof value !== "object" || value === null) return value as Saved;
    const known = made.get(value);
    if (known !== undefined) return known;
    if (depth > maximalDepth) throw new Error(tooDeep);
    const keep = <T extends Saved>(result: T): T => {
      made.set(value, result);
      return result;
    };
    if (isRecord(value)) return keep(withGradient(value, make(value)));
    const deeper = (part: unknown) => convert(part, depth + 1);
    if (Array.isArray(value)) {
      const result = keep<Saved[]>([]);
      for (const part of value) result.push(deeper(part));
      return result;
    }
    if (value instanceof Set) {
      const result = keep(new Set<Saved>());
      for (const part of value) result.add(deeper(part));
      return result;
    }
    if (!(value instanceof Map)) return value as Saved; // bytes and complex numbers
    if (!isPlain(value)) {
      const result = keep(new Map<Saved, Saved>());
      for (const [key, part] of value) result.set(deeper(key), deeper(part));
      return result;
    }
    const result = keep<Record<string, Saved>>({});
    for (const [key, part] of value) define(result, String(key), deeper(part));
    return result;
  };
  return convert(root, 0);
}

/** Whether all keys are texts or whole numbers, and stay distinct as property names. */
function isPlain(map: ReadonlyMap<unknown, unknown>): boolean {
  const keys = [...map.keys()];
  const areNames = keys.every((key) => typeof key === "string" || Number.isSafeInteger(key));
  return areNames && new Set(keys.map(String)).size === keys.length;
}

/** Also where the name is "__proto__". */
function define(object: Record<string, Saved>, name: string, value: Saved): void {
  Object.defineProperty(object, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

function withGradient(record: AnyRecord, tensor: Tensor): Tensor {
  const requiresGrad = record instanceof TensorRecord && record.fields.requiresGrad;
  return requiresGrad ? tensor.detach().requiresGrad_() : tensor;
}
