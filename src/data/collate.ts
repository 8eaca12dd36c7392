import { knownOnHost } from "../nn";
import type { Device, Tensor } from "../torch";
import * as torch from "../torch";
import type { Example, RegionSource } from "./dataset";

/** What a vision-language model reads: B examples, T tokens, O regions. */
export interface VisionLanguageInputs {
  /** [B, T] int64 */
  inputIds: Tensor;
  /** [B, T] int64: question 0, answer part 1 */
  tokenTypeIds: Tensor;
  /** [B, T] int64: 1 where there is a token */
  attentionMask: Tensor;
  /** [B, O, F] float32 */
  regionFeatures: Tensor;
  /** [B, O, 4] float32: x1, y1, x2, y2 in 0 .. 1 */
  regionBoxes: Tensor;
  /** [B, O] int64: 1 where there is a region */
  regionMask: Tensor;
}

export interface CollatedBatch {
  inputs: VisionLanguageInputs;
  /** [B] int64: indices into the dataset's answers */
  answers: Tensor;
  kinds: string[];
}

export interface CollateOptions {
  /** A seed per example, as a Loader gives them: images may be augmented. */
  seeds?: ArrayLike<number>;
  padId?: number;
  /** The batch is padded to so many tokens and regions, if it has not more; to none by default. */
  atLeast?: BatchLengths;
  /** Where the tensors are to be, the CPU by default. Nothing waits for them to be there. */
  device?: Device;
}

/** How long a batch is. */
export interface BatchLengths {
  readonly tokens: number;
  readonly regions: number;
}

/**
 * Makes one batch of tensors of examples, padded to the longest question and the most regions.
 * @throws RangeError without examples, or with another number of seeds.
 */
export function collate<E extends Example>(
  examples: readonly E[],
  regions: RegionSource<E>,
  options: CollateOptions = {},
): CollatedBatch {
  const { seeds, padId = 0, atLeast = { tokens: 0, regions: 0 }, device = "cpu" } = options;
  const batch = examples.length;
  if (batch === 0) throw new RangeError("A batch needs at least one example");
  if (seeds && seeds.length !== batch) {
    throw new RangeError(`${batch} examples, but ${seeds.length} seeds`);
  }
  return {
    inputs: {
      ...collateText(examples, { padId, atLeast: atLeast.tokens, device }),
      ...collateRegions(examples, regions, { seeds, atLeast: atLeast.regions, device }),
    },
    answers: torch.tensor(
      BigInt64Array.from(examples, (e) => BigInt(e.answer)),
      { device },
    ),
    kinds: examples.map((example) => example.kind),
  };
}

/** The same inputs, each made of what it was. */
export function mapInputs(
  inputs: VisionLanguageInputs,
  map: (tensor: Tensor) => Tensor,
): VisionLanguageInputs {
  const mapped = Object.entries(inputs).map(([name, tensor]) => [name, map(tensor)]);
  return Object.fromEntries(mapped) as VisionLanguageInputs;
}

/** Where the tensors are to be, and how long at least. */
interface Place {
  readonly device: Device;
  readonly atLeast: number;
}

function collateText(
  examples: readonly Example[],
  { padId, atLeast, device }: Place & { readonly padId: number },
) {
  const batch = examples.length;
  const length = Math.max(atLeast, ...examples.map((example) => example.tokens.length));
  const ids = new BigInt64Array(batch * length).fill(BigInt(padId));
  const types = new BigInt64Array(batch * length);
  const mask = new BigInt64Array(batch * length);
  examples.forEach(({ tokens, answerStart }, row) => {
    tokens.forEach((token, column) => {
      const at = row * length + column;
      ids[at] = BigInt(token);
      types[at] = column < answerStart ? 0n : 1n;
      mask[at] = 1n;
    });
  });
  const place = { shape: [batch, length], device };
  return {
    inputIds: knownOnHost(ids, place),
    tokenTypeIds: torch.tensor(types, place),
    attentionMask: knownOnHost(mask, place),
  };
}

function collateRegions<E extends Example>(
  examples: readonly E[],
  regions: RegionSource<E>,
  { seeds, atLeast, device }: Place & Pick<CollateOptions, "seeds">,
) {
  const batch = examples.length;
  const { width } = regions;
  const counts = examples.map((example) => regions.count(example));
  const most = Math.max(atLeast, ...counts);
  const mask = new BigInt64Array(batch * most);
  for (const [row, count] of counts.entries()) mask.fill(1n, row * most, row * most + count);
  const regionMask = knownOnHost(mask, { shape: [batch, most], device });
  const augmented = seeds !== undefined;
  const there = regions.batch?.(examples, { device, augmented, count: most });
  if (there) return { ...there, regionMask };
  const features = new Float32Array(batch * most * width);
  const boxes = new Float32Array(batch * most * 4);
  examples.forEach((example, row) => {
    const from = row * most;
    const to = from + counts[row];
    regions.fill(
      example,
      features.subarray(from * width, to * width),
      boxes.subarray(from * 4, to * 4),
      seeds?.[row],
    );
  });
  return {
    regionFeatures: torch.tensor(features, { shape: [batch, most, width], device }),
    regionBoxes: torch.tensor(boxes, { shape: [batch, most, 4], device }),
    regionMask,
  };
}
