import type { Device, DType, Tensor, ToOptions } from "../torch";
import * as torch from "../torch";
import { type Named, named } from "./functions/named";

// Sequences of different lengths for recurrent layers, which then compute no padding: torch.nn.utils.rnn.

/**
 * Sequences step by step: of each step those that go on, the longest first. Packed sequences are made by
 * `packPaddedSequence` and `packSequence`.
 */
export class PackedSequence {
  constructor(
    /** All steps of all sequences, [sum of lengths,..]. */
    readonly data: Tensor,
    /** How many sequences each step has, int64 on the CPU. */
    readonly batchSizes: Tensor,
    /** Which sequence is at which place; null where they were in order. */
    readonly sortedIndices: Tensor | null = null,
    /** Where each sequence is. */
    readonly unsortedIndices: Tensor | null = sortedIndices ? inverted(sortedIndices) : null,
  ) {}

  /** In another dtype, or on another device; the sizes stay on the CPU. */
  to(target: DType | Device | Tensor | ToOptions): PackedSequence {
    const data = this.data.to(target);
    const { device } = data;
    const moved = (indices: Tensor | null) => indices?.to({ device }) ?? null;
    return new PackedSequence(
      data,
      this.batchSizes,
      moved(this.sortedIndices),
      moved(this.unsortedIndices),
    );
  }
}

/** The permutation that undoes another. */
export function invertPermutation(permutation: Tensor): Tensor {
  return inverted(permutation);
}

function inverted(permutation: Tensor): Tensor {
  return torch.scope(() => {
    const numbers = torch.arange(0, permutation.numel(), { device: permutation.device });
    return torch.emptyLike(permutation).scatter(0, permutation, numbers);
  });
}

/** Options of `packPaddedSequence`. */
export interface PackOptions {
  /** Whether the input is [B,T,..] in the place of [T,B,..]; false by default. */
  readonly batchFirst?: boolean;
  /** Whether lengths must go down; true by default. */
  readonly enforceSorted?: boolean;
}

/**
 * Sequences [T,B,..] with padding, and their lengths [B], without it. Throws TorchError for lengths that are
 * none, or go up where they must be sorted.
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  ...args: Named<["batchFirst", "enforceSorted"], PackOptions>
): PackedSequence {
  const given = named<PackOptions>("packPaddedSequence", "batchFirst enforceSorted", args, {
    input,
  });
  const { batchFirst = false, enforceSorted = true } = given;
  return torch.scope(() => {
    const all = lengthsOf(lengths);
    if (enforceSorted) return pack(input, all, batchFirst, null);
    const [sorted, order] = torch.sort(all, { dim: 0, descending: true });
    const indices = order.to({ device: input.device });
    return pack(input.indexSelect(batchFirst ? 0 : 1, indices), sorted, batchFirst, indices);
  });
}

function pack(input: Tensor, lengths: Tensor, batchFirst: boolean, order: Tensor | null) {
  const { _pack_padded_sequence: packed } = torch.ops.aten;
  const [data, batchSizes] = packed(input, lengths, batchFirst) as [Tensor, Tensor];
  return new PackedSequence(data, batchSizes, order);
}

function lengthsOf(lengths: Tensor | readonly number[]): Tensor {
  const isTensor = lengths instanceof torch.Tensor;
  const all = isTensor ? lengths : torch.tensor([...lengths], { dtype: "int64" });
  return all.to({ dtype: "int64", device: "cpu" });
}

/** Options of `padPackedSequence`. */
export interface PadPackedOptions {
  /** Whether the result is [B,T,..] in the place of [T,B,..]; false by default. */
  readonly batchFirst?: boolean;
  /** What is after the ends; 0 by default. */
  readonly paddingValue?: number;
  /** T, at least the longest sequence's length, which it is by default. */
  readonly totalLength?: number | null;
}

/** Packed sequences with padding [T,B,..], and their lengths [B], int64. Throws RangeError for a T too small. */
export function padPackedSequence(
  sequence: PackedSequence,
  ...args: Named<["batchFirst", "paddingValue", "totalLength"], PadPackedOptions>
): [padded: Tensor, lengths: Tensor] {
  const names = "batchFirst paddingValue totalLength";
  const given = named<PadPackedOptions>("padPackedSequence", names, args);
  const { batchFirst = false, paddingValue = 0, totalLength = null } = given;
  const { data, batchSizes, unsortedIndices } = sequence;
  const [longest] = batchSizes.shape;
  const steps = totalLength ?? longest;
  if (steps < longest) {
    throw new RangeError(
      `padPackedSequence: a totalLength of ${steps} is less than the longest sequence's ${longest}`,
    );
  }
  return torch.scope(() => {
    const { _pad_packed_sequence: padded } = torch.ops.aten;
    const [all, lengths] = padded(data, batchSizes, batchFirst, paddingValue, steps) as Tensor[];
    if (!unsortedIndices) return [all, lengths];
    const places = unsortedIndices.cpu();
    return [all.indexSelect(batchFirst ? 0 : 1, unsortedIndices), lengths.indexSelect(0, places)];
  });
}

/** Options of `padSequence`. */
export interface PadOptions {
  /** Whether the result is [B,T,..] in the place of [T,B,..]; false by default. */
  readonly batchFirst?: boolean;
  /** What is beyond the ends; 0 by default. */
  readonly paddingValue?: number;
  /** Where padding goes; "right" by default. */
  readonly paddingSide?: "right" | "left";
}

/** Sequences [T',..] of different lengths in one tensor [T,B,..]. */
export function padSequence(
  sequences: readonly Tensor[],
  ...args: Named<["batchFirst", "paddingValue", "paddingSide"], PadOptions>
): Tensor {
  const names = "batchFirst paddingValue paddingSide";
  const given = named<PadOptions>("padSequence", names, args);
  const { batchFirst = false, paddingValue = 0, paddingSide = "right" } = given;
  return torch.padSequence(sequences, batchFirst, paddingValue, paddingSide);
}

/** The sequences [T',..] of a tensor [T,B,..] with padding at their ends. */
export function unpadSequence(
  padded: Tensor,
  lengths: Tensor | readonly number[],
  ...args: Named<["batchFirst"], Pick<PadOptions, "batchFirst">>
): Tensor[] {
  const { batchFirst = false } = named<PadOptions>("unpadSequence", "batchFirst", args, { padded });
  return torch.scope(() => {
    const rows = (batchFirst ? padded : padded.transpose(0, 1)).unbind(0);
    const all = lengthsOf(lengths).toArray<number[]>();
    if (all.length !== rows.length) {
      throw new RangeError(
        `unpadSequence: expected ${rows.length} lengths, one a sequence, given ${all.length}`,
      );
    }
    return rows.map((row, n) => row.narrow(0, 0, Math.min(all[n], row.shape[0])).clone());
  });
}

/** Sequences [T',..] packed; the longest must come first unless `enforceSorted` is false. */
export function packSequence(
  sequences: readonly Tensor[],
  ...args: Named<["enforceSorted"], Pick<PackOptions, "enforceSorted">>
): PackedSequence {
  const { enforceSorted = true } = named<PackOptions>("packSequence", "enforceSorted", args);
  const lengths = sequences.map(({ shape }) => shape[0]);
  return torch.scope(() => packPaddedSequence(padSequence(sequences), lengths, { enforceSorted }));
}

/** The sequences [T',..] that were packed. */
export function unpackSequence(sequence: PackedSequence): Tensor[] {
  return torch.scope(() => {
    const [padded, lengths] = padPackedSequence(sequence, { batchFirst: true });
    return unpadSequence(padded, lengths, { batchFirst: true });
  });
}
