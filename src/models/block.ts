import {
  type AttentionMask,
  hasStaticShapes,
  Module,
  type MultiHeadAttention,
  PackedAttention,
  Packing,
  pack,
  rowNumber,
  sendToDevice,
  whilePacked,
} from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";

/**
 * A transformer block, whatever the model: BertLayer, ViTLayer, LxmertCrossLayer. It is made of
 * segments, each the part between two skip connections, and passes its first arguments on:
 * (hidden, mask) -> hidden, or (language, vision, ..) -> [language, vision].
 */
export abstract class Block extends Module {
  /** How many of its first arguments it passes on. */
  get streams(): number {
    return 1;
  }
}

/** What a block adds to its input by attention: heads, then the output with its skip connection. */
export abstract class AttentionSegment extends Module {
  abstract readonly self: MultiHeadAttention;
  abstract readonly output: Output;

  /**
   * hidden [B,S,D] -> [B,S,D]; the mask, added to the scores, broadcasts to [B,H,S,S'], and the
   * context [B,S',D], hidden itself by default, is what is attended to. Or all as packed rows.
   */
  abstract override forward(hidden: Tensor, mask?: AttentionMask, context?: Tensor): Tensor;
}

/** What a block adds to its input position by position: [..,D] -> [..,D]. */
export abstract class FeedForwardSegment extends Module {
  abstract readonly intermediate: Intermediate;
  abstract readonly output: Output;

  abstract override forward(hidden: Tensor): Tensor;
}

/** The first half of a feed-forward segment: [..,D] -> [..,I]. */
export interface Intermediate extends Module {
  forward(hidden: Tensor): Tensor;
}

/** The end of a segment: x [..,n] and the residual [..,D] -> [..,D]. */
export interface Output extends Module {
  forward(x: Tensor, residual: Tensor): Tensor;
}

/** A block of one stream, which can read from another state than it passes on. */
export interface Layer extends Module {
  forward(hidden: Tensor, mask: AttentionMask, context?: Tensor): Tensor;
}

/**
 * Runs blocks one after the other, and no padding: hidden [B,S,D], mask [B,1,1,S] -> [B,S,D], with
 * zeros where the mask leaves positions out.
 */
export function throughBlocks(
  blocks: Iterable<Layer>,
  hidden: Tensor,
  mask: Tensor | null,
): Tensor {
  const packed = pack(hidden, mask);
  if (packed === null) return inOrder(blocks, hidden, mask && sendToDevice(mask, hidden.device));
  const { rows, packing, attention } = packed;
  return packed.unpack(whilePacked([packing], () => inOrder(blocks, rows, attention)));
}

/** One position in 0 .. S-1 for all samples, or that of each: as numbers, or as a tensor [B] int64. */
export type Positions = number | readonly number[] | Tensor;

/**
 * What is at one position of each sample after the blocks: hidden [B,S,D] -> [B,D]. The last block
 * computes that position alone.
 */
export function readThroughBlocks(
  blocks: Iterable<Layer>,
  hidden: Tensor,
  mask: Tensor | null,
  positions: Positions,
): Tensor {
  const all = [...blocks];
  const before = all.slice(0, -1);
  const last = (queries: Tensor, attention: AttentionMask, context: Tensor) =>
    all.length === 0
      ? queries
      : torch.scope(() => all[all.length - 1].forward(queries, attention, context));
  const padded = () => {
    const there = mask && sendToDevice(mask, hidden.device);
    const state = inOrder(before, hidden, there);
    return last(rowsAt(state, positions), there, state).squeeze(1);
  };
  if (hasStaticShapes()) return padded();
  const numbers = numbersOf(positions, hidden.shape[0]);
  const single = new Packing(
    numbers.map(() => 1),
    BigInt64Array.from(numbers.map((position, sample) => rowNumber(sample, position))),
  );
  const packed = pack(hidden, mask);
  if (packed === null) return whilePacked([single], padded);
  const { rows, packing, attention } = packed;
  return whilePacked([packing, single], () => {
    const state = inOrder(before, rows, attention);
    return last(packed.at(state, numbers), new PackedAttention(single, packing), state);
  });
}

/** What is at the positions of states [B,S,D]: [B,1,D]. */
function rowsAt(states: Tensor, positions: Positions): Tensor {
  if (typeof positions === "number") return states.narrow(1, positions, 1);
  const index =
    positions instanceof torch.Tensor
      ? positions
      : torch.tensor([...positions], { dtype: "int64", device: states.device });
  return states.gather(1, index.view([-1, 1, 1]).expand([-1, 1, states.shape[2]]));
}

/** The position of each of so many samples. */
function numbersOf(positions: Positions, batch: number): readonly number[] {
  if (typeof positions === "number") return Array<number>(batch).fill(positions);
  return positions instanceof torch.Tensor
    ? Array.from(positions.toTypedArray(), Number)
    : positions;
}

/** As `throughBlocks`, of what is packed already or has no padding; each block frees what it made. */
export function inOrder(blocks: Iterable<Layer>, hidden: Tensor, mask: AttentionMask): Tensor {
  let state = hidden;
  for (const block of blocks) state = torch.scope(() => block.forward(state, mask));
  return state;
}
