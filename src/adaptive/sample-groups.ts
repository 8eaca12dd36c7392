import * as torch from "../torch";
import { noGrad, type Tensor } from "../torch";

/**
 * Samples put in order by what runs on them, which the device alone knows: first those of the last
 * alternative, so that what trains, which comes after what is frozen, comes first.
 */
export class SampleGroups {
  /** The sample at each place, and the place of each sample: [B] int64. */
  readonly order: Tensor;
  readonly inverse: Tensor;
  /** Where samples are whose alternative is in training, [B] bool in order; null where all are, or none. */
  readonly dropping: Tensor | null;
  /** The group at each place, [B] int64, and where each group ends, [G] int64. */
  private readonly groups: Tensor;
  private readonly ends: Tensor;

  /** Takes choice [B] int64, below `count`, and how many of the alternatives, from the last, train. */
  constructor(
    choice: Tensor,
    readonly count: number,
    training: number,
  ) {
    const { device } = choice;
    const options = { dtype: "int64", device } as const;
    const groups = choice.neg().add(count - 1);
    [this.groups, this.order] = groups.sort({ stable: true, dim: 0 });
    const places = torch.arange(choice.shape[0], options);
    this.inverse = torch.emptyLike(this.order).scatter(0, this.order, places);
    this.ends = this.groups.unsqueeze(1).le(torch.arange(count, options)).sum([0]);
    const areMixed = training > 0 && training < count;
    this.dropping = areMixed ? this.groups.lt(training) : null;
  }

  get samples(): number {
    return this.order.shape[0];
  }

  /** The last row of each group, and one, where rows in order are of equally many for a sample: [G] int32. */
  endsOf(rows: number): Tensor {
    return this.ends.mul(rows / this.samples).to("int32");
  }

  /** The group of each of so many rows: [R] int32. */
  groupsOf(rows: number): Tensor {
    const each = rows / this.samples;
    return noGrad(() =>
      this.groups.to("int32").unsqueeze(1).expand([this.samples, each]).flatten(),
    );
  }
}
