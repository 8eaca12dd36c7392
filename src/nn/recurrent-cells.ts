import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { count } from "./functional";
import { uniform_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";
import { checkRecurrent } from "./recurrent-options";

/** Options of recurrent cells. */
export interface CellOptions extends FactoryOptions {
  /** Whether biases are added; true by default. */
  readonly bias?: boolean;
}

/** What cells share: weight_ih [gates h,n], weight_hh [gates h,h], bias_ih and bias_hh [gates h]. */
abstract class Cell extends Module {
  weight_ih: Parameter;
  weight_hh: Parameter;
  bias_ih: Parameter | null;
  bias_hh: Parameter | null;

  /** Throws RangeError for sizes that are none. */
  constructor(
    readonly inputSize: number,
    readonly hiddenSize: number,
    { bias = true, ...factory }: CellOptions = {},
    gates = 1,
  ) {
    super();
    checkRecurrent(this.constructor.name, { inputSize, hiddenSize }, 1, 0);
    const rows = gates * hiddenSize;
    const made = (...shape: number[]) => new Parameter(torch.empty(shape, factory));
    this.weight_ih = made(rows, inputSize);
    this.weight_hh = made(rows, hiddenSize);
    this.bias_ih = bias ? made(rows) : null;
    this.bias_hh = bias ? made(rows) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  /** x [B,n] or [n] and states like it, zeros by default, through `step`. */
  protected step(
    x: Tensor,
    states: readonly Tensor[] | null,
    kinds: number,
    step: (x: Tensor, states: readonly Tensor[], weights: CellWeights) => readonly Tensor[],
  ): Tensor[] {
    const isOne = x.ndim === 1;
    const fits = x.shape.at(-1) === this.inputSize && (isOne || x.ndim === 2);
    const shape = [...x.shape.slice(0, -1), this.hiddenSize];
    if (!fits || states?.some((state) => `${state.shape}` !== `${shape}`)) {
      const all = [x, ...(states ?? [])].map((each) => `[${each.shape}]`).join(", ");
      throw new RangeError(
        `${this.constructor.name} takes x [B,${this.inputSize}] or [${this.inputSize}] and states of ` +
          `${this.hiddenSize} features, given ${all}`,
      );
    }
    const { weight_ih, weight_hh, bias_ih, bias_hh } = this;
    return torch.scope(() => {
      const first = states ?? Array.from({ length: kinds }, () => x.newZeros(shape));
      const rows = (each: Tensor) => (isOne ? each.unsqueeze(0) : each);
      const weights = [weight_ih, weight_hh, bias_ih, bias_hh] as const;
      const last = step(rows(x), first.map(rows), weights);
      count(
        (2 * x.numel() * (weight_ih.numel() + weight_hh.numel())) / this.inputSize,
        last[0].shape[0],
      );
      return last.map((each) => (isOne ? each.squeeze(0) : each));
    });
  }
}

type CellWeights = readonly [Tensor, Tensor, Tensor | null, Tensor | null];

/** Options of `RNNCell`. */
export interface RNNCellOptions extends CellOptions {
  /** "tanh" by default. */
  readonly nonlinearity?: "tanh" | "relu";
}

/** A step of `RNN`. */
export class RNNCell extends Cell {
  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, given: RNNCellOptions = {}) {
    const { nonlinearity = "tanh", ...options } = checkOptions(new.target.name, given, [
      "nonlinearity",
      "bias",
      "device",
      "dtype",
    ]);
    super(inputSize, hiddenSize, options);
    if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
      throw new RangeError(`RNNCell: nonlinearity is "tanh" or "relu", given ${nonlinearity}`);
    }
    this.nonlinearity = nonlinearity;
  }

  /** x [B,n] or [n], h of before, by default zeros -> h [B,h]. */
  override forward(x: Tensor, h: Tensor | null = null): Tensor {
    const run = this.nonlinearity === "tanh" ? torch.rnnTanhCell : torch.rnnReluCell;
    return this.step(x, h && [h], 1, (rows, [state], weights) => [run(rows, state, ...weights)])[0];
  }
}

/** A step of `GRU`. */
export class GRUCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, options, 3);
  }

  /** x [B,n] or [n], h of before, by default zeros -> h [B,h]. */
  override forward(x: Tensor, h: Tensor | null = null): Tensor {
    const step = (rows: Tensor, [state]: readonly Tensor[], weights: CellWeights) => [
      torch.gruCell(rows, state, ...weights),
    ];
    return this.step(x, h && [h], 1, step)[0];
  }
}

/** A step of `LSTM`. */
export class LSTMCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, options, 4);
  }

  /** x [B,n] or [n], h and c of before, by default zeros -> h and c [B,h]. */
  override forward(
    x: Tensor,
    states: readonly [h: Tensor, c: Tensor] | null = null,
  ): [h: Tensor, c: Tensor] {
    const step = (rows: Tensor, both: readonly Tensor[], weights: CellWeights) =>
      torch.lstmCell(rows, both, ...weights);
    return this.step(x, states, 2, step) as [Tensor, Tensor];
  }
}
