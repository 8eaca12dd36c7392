import type { Device, Tensor } from "../torch";
import * as torch from "../torch";
import type { Example, RegionBatchOptions, RegionSource } from "./dataset";

/** Regions of a batch, padded with zeros. */
export interface RegionBatch {
  /** [B, O, F] float32 */
  readonly regionFeatures: Tensor;
  /** [B, O, 4] float32 */
  readonly regionBoxes: Tensor;
}

/**
 * Regions that were sent to a device once, image by image: a batch of them is made there, to the bit as it
 * would be on the host. Where images are augmented they are made on the host, as they were without.
 *
 *     all M images -> features [M,O,F], boxes [M,O,4] -- the numbers of a batch's images --> [B,O,F], [B,O,4]
 */
export class ResidentRegions<E extends Example = Example> implements RegionSource<E> {
  readonly width: number;
  private readonly numbers = new Map<string, number>();
  private readonly features: Tensor;
  private readonly boxes: Tensor;

  /** How many bytes the images of examples need on a device. */
  static bytes<E extends Example>(source: RegionSource<E>, examples: readonly E[]): number {
    return 4 * images(source, examples).length * most(source, examples) * (source.width + 4);
  }

  /** Sends the images of examples; throws Error where the source does not say which images are the same. */
  constructor(
    private readonly source: RegionSource<E>,
    examples: readonly E[],
    readonly device: Device,
  ) {
    this.width = source.width;
    const shown = images(source, examples);
    const regions = most(source, examples);
    const room = (width: number) =>
      torch.keep(torch.empty([shown.length, regions, width], { device }));
    this.features = room(this.width);
    this.boxes = room(4);
    for (let first = 0; first < shown.length; first += AT_ONCE) {
      this.send(shown.slice(first, first + AT_ONCE), first, regions);
    }
    for (const [number, example] of shown.entries()) {
      this.numbers.set(source.imageOf!(example), number);
    }
  }

  get augments(): boolean | undefined {
    return this.source.augments;
  }

  imageOf(example: E): string {
    return this.source.imageOf!(example);
  }

  count(example: E): number {
    return this.source.count(example);
  }

  fill(example: E, features: Float32Array, boxes: Float32Array, seed?: number): void {
    this.source.fill(example, features, boxes, seed);
  }

  batch(
    examples: readonly E[],
    { device, augmented, count }: RegionBatchOptions,
  ): RegionBatch | null {
    const numbers = examples.map((example) => this.numbers.get(this.imageOf(example)));
    const isThere = device === this.device && numbers.every((number) => number !== undefined);
    if (!isThere || count > this.features.shape[1] || (augmented && this.augments !== false))
      return null;
    const index = torch.tensor(BigInt64Array.from(numbers, BigInt), { device });
    const of = (all: Tensor) => all.indexSelect(0, index).narrow(1, 0, count).contiguous();
    return { regionFeatures: of(this.features), regionBoxes: of(this.boxes) };
  }

  /** Frees the device's memory: from here on batches are made on the host. */
  dispose(): void {
    this.numbers.clear();
    this.features.dispose();
    this.boxes.dispose();
  }

  private send(examples: readonly E[], first: number, regions: number): void {
    const { width, source, device } = this;
    const features = new Float32Array(examples.length * regions * width);
    const boxes = new Float32Array(examples.length * regions * 4);
    for (const [n, example] of examples.entries()) {
      const [from, to] = [n * regions, n * regions + source.count(example)];
      source.fill(
        example,
        features.subarray(from * width, to * width),
        boxes.subarray(from * 4, to * 4),
      );
    }
    torch.scope(() => {
      const part = (all: Tensor) => all.narrow(0, first, examples.length);
      part(this.features).copy_(
        torch.tensor(features, { shape: part(this.features).shape, device }),
      );
      part(this.boxes).copy_(torch.tensor(boxes, { shape: part(this.boxes).shape, device }));
    });
  }
}

/** Images that go to the device together. */
const AT_ONCE = 256;

/** An example for each image, in the order in which they come. */
function images<E extends Example>(source: RegionSource<E>, examples: readonly E[]): E[] {
  if (!source.imageOf) {
    throw new Error(
      "the regions' source has no imageOf(example), which says whose image is the same",
    );
  }
  const first = new Map<string, E>();
  for (const example of examples) {
    const image = source.imageOf(example);
    if (!first.has(image)) first.set(image, example);
  }
  return [...first.values()];
}

/** The most regions of an example. */
function most<E extends Example>(source: RegionSource<E>, examples: readonly E[]): number {
  return examples.reduce((largest, example) => Math.max(largest, source.count(example)), 0);
}
