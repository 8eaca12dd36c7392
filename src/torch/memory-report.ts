import path from "node:path";
import { type Handle, handleKey, native } from "./native";

/** Tensors of one kind, made at one place. */
export interface MemoryGroup {
  readonly tensors: number;
  /** Of the storage under them, shared ones once. */
  readonly bytes: number;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly device: string;
  /**
   * When traced "train (/home/me/train.ts:12:8)", and where a module of adaptune's made it
   * "linear (...), called from train (/home/me/train.ts:12:8)"; null otherwise.
   */
  readonly site: string | null;
}

/** The tensors that are alive, in groups; as a text it is a table. */
export interface MemoryReport {
  readonly tensors: number;
  readonly bytes: number;
  /** The largest first. */
  readonly groups: readonly MemoryGroup[];
  /** A table of the first `rows` groups; 20 by default. */
  toString(rows?: number): string;
}

export const isTraced = process.env.ADAPTUNE_TRACE_TENSORS === "1";

const siteNumbers = new Map<string, number>();

/** Remembers where the program made a tensor. */
export function trace(tensor: { readonly [handleKey]: Handle }): void {
  const site = siteOf();
  const number = siteNumbers.get(site) ?? siteNumbers.size;
  siteNumbers.set(site, number);
  native.setSite(tensor, number);
}

const ours = path.dirname(__dirname);

/** The first frame outside of this folder, and where that is one of our modules also the program's. */
function siteOf(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const stack = new Error().stack?.split("\n").slice(1) ?? [];
  Error.stackTraceLimit = limit;
  const frames = stack.filter((line) => line.includes(":") && !line.includes(__dirname + path.sep));
  const [site, caller] = [frames[0], frames.find((line) => !line.includes(ours + path.sep))].map(
    (line = "") => line.trim().replace(/^at /, ""),
  );
  return caller === "" || caller === site ? site : `${site}, called from ${caller}`;
}

/** What was made after the tensor `since` and is alive, without those of `known` handles. */
export function reportSince(since: number, known: ReadonlySet<Handle> = new Set()): MemoryReport {
  const skipped = new Set([...known].map((handle) => native.serialOf(handle)));
  // Storage counts where it was made, not with later views of it.
  const rows = native
    .memoryReport(since)
    .filter(([serial]) => !skipped.has(serial))
    .sort(([a], [b]) => a - b);
  const sites = [...siteNumbers.keys()];
  const groups = new Map<string, MemoryGroup & { tensors: number; bytes: number }>();
  const seen = new Set<number>();
  let total = 0;
  for (const [, site, storage, size, dtype, shape, device] of rows) {
    const bytes = seen.has(storage) ? 0 : size;
    seen.add(storage);
    total += bytes;
    const key = `${site} ${dtype} ${shape} ${device}`;
    const group = groups.get(key);
    if (group) {
      group.tensors += 1;
      group.bytes += bytes;
    } else {
      groups.set(key, { tensors: 1, bytes, dtype, shape, device, site: sites[site] ?? null });
    }
  }
  const sorted = [...groups.values()].sort((a, b) => b.bytes - a.bytes || b.tensors - a.tensors);
  const report = { tensors: rows.length, bytes: total, groups: sorted };
  return { ...report, toString: (count = 20) => table(report, count) };
}

function table({ tensors, bytes, groups }: Omit<MemoryReport, "toString">, rows: number): string {
  const number = (value: number) => value.toLocaleString("en");
  const lines = groups.slice(0, rows).map((group) => {
    const what = `${group.dtype} [${group.shape.join(", ")}] ${group.device}`;
    const site = group.site === null ? "" : `  at ${group.site}`;
    return `  ${number(group.tensors).padStart(9)} x ${what}  ${number(group.bytes)} bytes${site}`;
  });
  const rest = groups.length - lines.length;
  if (rest > 0) lines.push(`  and ${number(rest)} other kinds`);
  return [`${number(tensors)} tensors, ${number(bytes)} bytes`, ...lines].join("\n");
}
