import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { type Named, named } from "./named";

// Rows of weights by number, and what becomes of bags of them.

/** What `embedding` and `embeddingBag` take beside numbers and rows. */
export interface RowOptions {
  /** A row that gets no gradient, negative from the end; none by default. */
  readonly paddingIdx?: number | null;
  /** Rows whose norm is larger are scaled down, in place, when they are read; none by default. */
  readonly maxNorm?: number | null;
  /** Which norm that is; 2 by default. */
  readonly normType?: number;
  /** Whether a row's gradient is divided by how often the batch has it; false by default. */
  readonly scaleGradByFreq?: boolean;
  /** Whether gradients are sparse; false by default. */
  readonly sparse?: boolean;
}

/** ids [..] int64, weight [V,D] -> rows of the weight [..,D]. Throws RangeError for a `paddingIdx` that is none. */
export function embedding(
  ids: Tensor,
  weight: Tensor,
  ...args: Named<["paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"], RowOptions>
): Tensor {
  const names = "paddingIdx maxNorm normType scaleGradByFreq sparse";
  const given = named<RowOptions>("embedding", names, args, { ids, weight });
  const { paddingIdx = null, maxNorm = null, normType = 2 } = given;
  const { scaleGradByFreq = false, sparse = false } = given;
  const row = paddingIdx === null ? -1 : rowIndex(paddingIdx, weight.shape[0]);
  renormalise(weight, ids, maxNorm, normType);
  return torch.embedding(weight, ids, row, scaleGradByFreq, sparse);
}

const MODES = ["sum", "mean", "max"] as const;

/** What becomes of the rows of a bag. */
export type BagMode = (typeof MODES)[number];

/** What `embeddingBag` takes beside ids and rows. */
export interface BagOptions extends RowOptions {
  /** Where each bag begins [B], for ids [N]. */
  readonly offsets?: Tensor | null;
  /** "mean" by default. */
  readonly mode?: BagMode;
  /** Weights of the ids, of their shape, for sums alone. */
  readonly perSampleWeights?: Tensor | null;
  /** Whether the offsets end with the number of ids; false by default. */
  readonly includeLastOffset?: boolean;
}

/**
 * ids [B,S], or ids [N] with offsets [B], weight [V,D] -> sums, means or maxima of the rows of each bag [B,D].
 *
 * Throws RangeError for other shapes and unknown modes, and for what a mode does not have.
 */
export function embeddingBag(
  ids: Tensor,
  weight: Tensor,
  ...args: Named<
    [
      "offsets",
      "maxNorm",
      "normType",
      "scaleGradByFreq",
      "mode",
      "sparse",
      "perSampleWeights",
      "includeLastOffset",
      "paddingIdx",
    ],
    BagOptions
  >
): Tensor {
  const names =
    "offsets maxNorm normType scaleGradByFreq mode sparse perSampleWeights includeLastOffset paddingIdx";
  const given = named<BagOptions>("embeddingBag", names, args, { ids, weight });
  const { offsets = null, maxNorm = null, normType = 2, mode = "mean" } = given;
  const { scaleGradByFreq = false, sparse = false, includeLastOffset = false } = given;
  const { perSampleWeights = null, paddingIdx = null } = given;
  checkMode(mode, given);
  const shape = perSampleWeights?.shape ?? ids.shape;
  if (`${shape}` !== `${ids.shape}`) {
    throw new RangeError(`embeddingBag: expected weights of [${ids.shape}], given [${shape}]`);
  }
  renormalise(weight, ids, maxNorm, normType);
  const [bags] = torch.embeddingBag(
    weight,
    ids.ndim === 2 ? ids.reshape(-1) : ids,
    offsetsOf(ids, offsets),
    scaleGradByFreq,
    MODES.indexOf(mode),
    sparse,
    perSampleWeights?.reshape(-1) ?? null,
    includeLastOffset && ids.ndim === 1,
    paddingIdx === null ? null : rowIndex(paddingIdx, weight.shape[0]),
  );
  return bags;
}

function checkMode(mode: BagMode, { scaleGradByFreq, sparse, perSampleWeights }: BagOptions): void {
  if (!MODES.includes(mode)) {
    throw new RangeError(`embeddingBag: mode is one of ${MODES.join(", ")}, given ${mode}`);
  }
  if (mode === "max" && (scaleGradByFreq || sparse)) {
    throw new RangeError("embeddingBag: maxima have neither scaled nor sparse gradients");
  }
  if (mode !== "sum" && perSampleWeights) {
    throw new RangeError(`embeddingBag: weights are for sums alone, given mode ${mode}`);
  }
}

function offsetsOf(ids: Tensor, offsets: Tensor | null): Tensor {
  if (ids.ndim === 2 && offsets === null) {
    const { dtype, device } = ids;
    return torch.arange(0, ids.numel(), ids.shape[1], { dtype, device });
  }
  if (ids.ndim === 1 && offsets?.ndim === 1) return offsets;
  throw new RangeError("bags are ids [B,S] without offsets, or ids [N] with offsets [B]");
}

/** Scales the rows that ids name down to a norm, in place. */
export function renormalise(
  weight: Tensor,
  ids: Tensor,
  maxNorm: number | null,
  normType: number,
): void {
  if (maxNorm === null) return;
  torch.noGrad(() => torch.embeddingRenorm_(weight.detach(), ids.contiguous(), maxNorm, normType));
}

/** A row's number from the start. Throws RangeError for what is none. */
export function rowIndex(index: number, rows: number): number {
  if (!Number.isInteger(index) || index < -rows || index >= rows) {
    throw new RangeError(`paddingIdx ${index} is none of the ${rows} rows of the embedding`);
  }
  return index < 0 ? index + rows : index;
}
