import type { Tensor } from "../../src/torch";
import { ops } from "../../src/torch";

/** Operators of our own with the types that tests call them by. */
export const { linear, split_samples, select_linear, select_gelu, compare_heads } =
  ops.adaptune as unknown as {
    linear(x: Tensor, weight: Tensor, bias?: Tensor | null, options?: { gelu?: boolean }): Tensor;
    split_samples(
      x: Tensor,
      choice: number[],
      alternatives: number,
      options?: { lengths?: number[] },
    ): Tensor[];
    select_linear(
      x: Tensor,
      weights: Tensor[],
      biases: Tensor[],
      projections: number,
      choice: number[],
      lengths: number[],
      heads: number,
      options?: { compare?: boolean },
    ): Tensor[];
    select_gelu(
      x: Tensor,
      weights: Tensor[],
      biases: Tensor[],
      gate: Tensor,
      choice: number[],
      lengths: number[],
      options?: { compared?: number[] },
    ): Tensor;
    compare_heads(
      y: Tensor,
      others: Tensor[],
      gate: Tensor,
      choice: number[],
      lengths: number[],
      heads: number,
    ): Tensor;
  };
