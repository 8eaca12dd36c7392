/** What is measured: workloads x strategies x usages x phases x precisions. */

export type Phase = "train" | "eval";
export type Precision = "float32" | "bfloat16";
export type StrategyUnderTest =
  | "standard"
  | "SpotTune_Block"
  | "SpotTune"
  | "SpotTune_Res"
  | "BlockDrop";

/** The encoder of a model: one stack of blocks, or LXMERT's three. */
export interface EncoderSize {
  readonly kind: "bert" | "lxmert";
  /** D */
  readonly width: number;
  /** H */
  readonly heads: number;
  readonly intermediate: number;
  /** Blocks; of LXMERT those of language, vision and both. */
  readonly blocks: readonly number[];
}

/** A batch of one shape. */
export interface Workload {
  readonly name: string;
  readonly size: Omit<EncoderSize, "blocks">;
  /** Fewer blocks train than are evaluated: a training step is the same work in each. */
  readonly blocks: Readonly<Record<Phase, readonly number[]>>;
  readonly batch: number;
  /** Positions of each stream: hidden, or language and vision. */
  readonly tokens: readonly number[];
  /** The part of each input that is no padding; everything where not given. */
  readonly lengths?: readonly number[];
  readonly phases: readonly Phase[];
}

/** One measurement, which gives a row for every peer. */
export interface Case {
  readonly workload: Workload;
  readonly strategy: StrategyUnderTest;
  readonly dtype: Precision;
  readonly phase: Phase;
  /** The share of decisions that pick the tuned twin, or that keep a block; null for standard. */
  readonly f: number | null;
  /** Whether ours replays a step that was recorded as a CUDA graph; not by default. */
  readonly graph?: boolean;
}

export const strategiesUnderTest: readonly StrategyUnderTest[] = [
  "standard",
  "SpotTune_Block",
  "SpotTune",
  "SpotTune_Res",
  "BlockDrop",
];

const base = { width: 768, heads: 12, intermediate: 3072 };

/** 10 to 100 boxes and 8 to 20 tokens of text, drawn once from uniform distributions. */
const naturalLengths = [75, 104, 43, 89, 28, 112, 61, 97, 36, 82, 50, 118, 69, 21, 108, 57];

export const workloads: readonly Workload[] = [
  {
    name: "VL-BERT",
    size: { kind: "bert", ...base },
    blocks: { train: [2], eval: [12] },
    batch: 16,
    tokens: [64],
    phases: ["train", "eval"],
  },
  {
    name: "VL-BERT-natural",
    size: { kind: "bert", ...base },
    blocks: { train: [2], eval: [12] },
    batch: 16,
    tokens: [Math.max(...naturalLengths)],
    lengths: naturalLengths,
    phases: ["train", "eval"],
  },
  {
    name: "LXMERT",
    size: { kind: "lxmert", ...base },
    blocks: { train: [2, 1, 1], eval: [9, 5, 5] },
    batch: 8,
    tokens: [20, 36],
    phases: ["train", "eval"],
  },
  {
    name: "VL-BERT-one",
    size: { kind: "bert", ...base },
    blocks: { train: [2], eval: [12] },
    batch: 1,
    tokens: [56],
    phases: ["eval"],
  },
];

/** The usages of the main workload; the others are measured at the middle one alone. */
export function usagesOf(strategy: StrategyUnderTest): readonly (number | null)[] {
  if (strategy === "standard") return [null];
  return strategy === "BlockDrop" ? [1 / 3, 1 / 2, 3 / 4] : [0.25, 0.5, 0.75];
}

/**
 * The cases of a suite; `cuda` has those of `cpu`, and training by recorded steps. Throws for an unknown
 * one.
 */
export function casesOf(suite: string): Case[] {
  if (suite !== "cpu" && suite !== "cuda" && suite !== "quick") {
    throw new Error(`there is no suite "${suite}": they are cpu, cuda and quick`);
  }
  const quick = suite === "quick";
  const cases = workloads
    .flatMap((workload, number) =>
      strategiesUnderTest.flatMap((strategy) =>
        (number === 0 && !quick ? usagesOf(strategy) : [middle(strategy)]).flatMap((f) =>
          workload.phases.flatMap((phase) =>
            (["float32", "bfloat16"] as const).map((dtype) => ({
              workload,
              strategy,
              dtype,
              phase,
              f,
            })),
          ),
        ),
      ),
    )
    .filter((measured) => !quick || isQuick(measured));
  const recorded = cases.filter(({ phase, strategy, f }) => {
    return suite === "cuda" && phase === "train" && f === middle(strategy);
  });
  return [...cases, ...recorded.map((measured) => ({ ...measured, graph: true }))];
}

function middle(strategy: StrategyUnderTest): number | null {
  return strategy === "standard" ? null : 0.5;
}

/** The one block strategy of each kind, where the answer comes soonest. */
function isQuick({ workload, strategy, phase, dtype }: Case): boolean {
  if (phase === "train" && dtype === "bfloat16") return false;
  if (strategy === "SpotTune" || strategy === "SpotTune_Res") return false;
  return (
    workload.name === "VL-BERT" || (workload.name === "VL-BERT-one" && strategy !== "BlockDrop")
  );
}

/** A case in one line, for `--only` and for people: `VL-BERT SpotTune_Block train float32 f=0.50`. */
export function labelOf({ workload, strategy, dtype, phase, f, graph }: Case): string {
  const usage = f === null ? "" : ` f=${f.toFixed(2)}`;
  return `${workload.name} ${strategy} ${phase} ${dtype}${usage}${graph ? " graph" : ""}`;
}
