import { type Row as Cells, type Column, percent, renderTable, type Style } from "adaptune/report";
import type { Phase, Precision } from "./suites";

/** One comparison with one peer: a JSON line, and a line of the table. */
export interface BenchRow {
  /** What the figures hold for. */
  readonly processor: string;
  readonly threads: number;
  /** What multiplied ours' matrices: `chosen` here, or one way alone. */
  readonly products: string;
  readonly workload: string;
  readonly strategy: string;
  readonly dtype: Precision;
  /** B */
  readonly batch: number;
  /** Positions of one input, padding included; of LXMERT those of both streams. */
  readonly tokens: number;
  /** The share of decisions for the tuned twin, or to keep; null for standard finetuning. */
  readonly f: number | null;
  readonly phase: Phase;
  /** Whether ours replayed a recorded step. */
  readonly graph: boolean;
  /** Null where ours ran alone. */
  readonly peer: string | null;
  /** Median milliseconds of a step: forward, and in training backward and update. */
  readonly ours_ms: number;
  readonly peer_ms: number | null;
  /** peer_ms / ours_ms: above 1 ours is faster. */
  readonly ratio: number | null;
  /** Interquartile range over median. */
  readonly ours_spread: number;
  readonly peer_spread: number | null;
  /** MB (10^6 bytes) that a step needs above what is there between steps; null if not available. */
  readonly peak_mb_ours: number | null;
  readonly peak_mb_peer: number | null;
  /** MB of these that a training step keeps from its forward for its backward; null in evaluation. */
  readonly activations_mb_ours: number | null;
  readonly activations_mb_peer: number | null;
  /** Largest relative error to float64, of gradients or, in evaluation, of outputs; null unchecked. */
  readonly gradient_error: number | null;
  readonly peer_error: number | null;
  /** Executed matrix-product FLOPs per second of ours, as a share of the machine's limit. */
  readonly share_of_limit: number;
  readonly repetitions: number;
  /** Whether the gradients of ours are further off than their precision allows. */
  readonly failed: boolean;
}

/** The largest relative error that a row may have. */
export const tolerances: Readonly<Record<Precision, number>> = { float32: 1e-5, bfloat16: 2e-2 };

/** Whether an error is beyond what is allowed; not a number is. */
export function isOff(error: number | null, dtype: Precision): boolean {
  return error !== null && !(error <= tolerances[dtype]);
}

const columns: readonly Column[] = [
  { title: "workload", align: "left" },
  { title: "strategy", align: "left" },
  { title: "phase", align: "left" },
  { title: "dtype", align: "left" },
  { title: "B x T", align: "right" },
  { title: "f" },
  { title: "peer", align: "left" },
  { title: "ours", unit: "ms" },
  { title: "peer", unit: "ms" },
  { title: "ratio" },
  { title: "spread", unit: "%, ours peer" },
  { title: "memory", unit: "MB, ours peer" },
  { title: "kept", unit: "MB, ours peer" },
  { title: "error", unit: "relative" },
  { title: "of limit", unit: "%" },
  { title: "", align: "left" },
];

/** All rows as a table. */
export function benchTable(rows: readonly BenchRow[], style?: Style): string {
  return renderTable(columns, rows.map(cells), style);
}

/** A row as a line of JSON; what is not finite becomes null. */
export function jsonLine(row: BenchRow): string {
  return JSON.stringify(row);
}

/** A row's strategy, and whether its steps were recorded. */
export function strategyOf({ strategy, graph }: BenchRow): string {
  return graph ? `${strategy}, recorded` : strategy;
}

function cells(row: BenchRow): Cells {
  return [
    row.workload,
    strategyOf(row),
    row.phase,
    row.dtype,
    `${row.batch} x ${row.tokens}`,
    row.f === null ? null : row.f.toFixed(2),
    row.peer,
    milliseconds(row.ours_ms),
    row.peer_ms === null ? null : milliseconds(row.peer_ms),
    row.ratio === null ? null : row.ratio.toFixed(2),
    pair(row.ours_spread, row.peer_spread, (share) => percent(share, 0)),
    megabytes(row.peak_mb_ours, row.peak_mb_peer),
    megabytes(row.activations_mb_ours, row.activations_mb_peer),
    row.gradient_error === null ? "unchecked" : row.gradient_error.toExponential(1),
    percent(row.share_of_limit, 0),
    verdict(row),
  ];
}

function verdict({ failed, peer_error, dtype }: BenchRow): string {
  if (failed) return "FAILED";
  return isOff(peer_error, dtype) ? `peer is off by ${peer_error!.toExponential(1)}` : "";
}

function milliseconds(ms: number): string {
  return ms.toFixed(ms >= 99.95 ? 0 : ms >= 9.995 ? 1 : 2);
}

function megabytes(ours: number | null, peer: number | null): string | null {
  return ours === null ? null : pair(ours, peer, (mb) => mb.toFixed(0));
}

function pair(ours: number, peer: number | null, format: (value: number) => string): string {
  return peer === null ? format(ours) : `${format(ours)} ${format(peer).padStart(4)}`;
}
