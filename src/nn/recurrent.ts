import type { Tensor } from "../torch";
import * as torch from "../torch";
import { count } from "./functional";
import { uniform_ } from "./init";
import { Module } from "./module";
import { PackedSequence } from "./packed-sequence";
import { Parameter } from "./parameter";
import {
  checkRecurrent,
  type LayersAndOptions,
  layersFirst,
  type RecurrentOptions,
} from "./recurrent-options";

/** States [layers and directions,B,h] of one kind, or of two in an LSTM. */
type States = readonly Tensor[];

/** LibTorch's fused layers: on a batch, or on the rows and batch sizes of packed sequences. */
type Run = (...args: unknown[]) => Tensor[];

/** What recurrent layers take: [T,B,n], with `batchFirst` [B,T,n], one sequence [T,n], or packed ones. */
export type Sequences = Tensor | PackedSequence;

/**
 * What LSTM, GRU and RNN share: PyTorch's weights by its names, weight_ih_l0 [gates h,n], weight_hh_l0
 * [gates h,h], bias_ih_l0, bias_hh_l0 [gates h], with _reverse for the other direction, drawn from
 * U(-1/sqrt(h), 1/sqrt(h)). Dropout draws from torch's generator, as PyTorch's does.
 */
abstract class Recurrent extends Module {
  [weight: `weight_${string}`]: Parameter;
  [bias: `bias_${string}`]: Parameter;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;

  /** `gates` is how many a cell has. */
  constructor(
    gates: number,
    readonly inputSize: number,
    readonly hiddenSize: number,
    readonly numLayers = 1,
    {
      bias = true,
      batchFirst = false,
      dropout = 0,
      bidirectional = false,
      ...factory
    }: Omit<RecurrentOptions, "numLayers"> = {},
    readonly projSize = 0,
  ) {
    super();
    const what = this.constructor.name;
    checkRecurrent(what, { inputSize, hiddenSize }, numLayers, dropout);
    if (!(Number.isInteger(projSize) && projSize >= 0 && projSize < hiddenSize)) {
      throw new RangeError(`${what}: projSize is 0 or below hiddenSize, given ${projSize}`);
    }
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    const rows = gates * hiddenSize;
    const made = (shape: number[]) => new Parameter(torch.empty(shape, factory));
    for (let layer = 0; layer < numLayers; layer++) {
      const given = layer === 0 ? inputSize : this.outputSize * this.directions.length;
      for (const direction of this.directions) {
        const suffix = `l${layer}${direction}` as const;
        this[`weight_ih_${suffix}`] = made([rows, given]);
        this[`weight_hh_${suffix}`] = made([rows, this.outputSize]);
        if (bias) this[`bias_ih_${suffix}`] = made([rows]);
        if (bias) this[`bias_hh_${suffix}`] = made([rows]);
        if (projSize > 0) this[`weight_hr_${suffix}`] = made([projSize, hiddenSize]);
      }
    }
    this.resetParameters();
  }

  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const weight of this.weights()) uniform_(weight, -bound, bound);
  }

  private get directions(): readonly string[] {
    return this.bidirectional ? ["", "_reverse"] : [""];
  }

  /** Of a step's output, and of h. */
  protected get outputSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }

  /** In LibTorch's order, which is that of their making. */
  private weights(): Parameter[] {
    const parts = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"] as const;
    return Array.from({ length: this.numLayers }, (_, layer) =>
      this.directions.flatMap((direction) =>
        parts
          .map((part) => this[`${part}_l${layer}${direction}` as `weight_${string}`])
          .filter((weight) => weight !== undefined),
      ),
    ).flat();
  }

  /** Outputs and states of the last step; `sizes` are those of the states. */
  protected run(
    run: Run,
    given: Sequences,
    states: States | null,
    sizes: readonly number[],
    together: (states: States) => unknown = ([state]) => state,
  ): [output: Sequences, ...states: Tensor[]] {
    return torch.scope(() => {
      if (given instanceof PackedSequence) {
        return this.runPacked(run, given, states, sizes, together);
      }
      this.checkInput(given, [2, 3]);
      const isOne = given.ndim === 2;
      const input = isOne ? given.unsqueeze(this.batchFirst ? 0 : 1) : given;
      const batch = input.shape[this.batchFirst ? 0 : 1];
      const first = this.statesFor(
        input,
        isOne && states ? states.map((state) => oneState(state)) : states,
        sizes,
        batch,
      );
      const [output, ...last] = run(input, together(first), ...this.settings(), this.batchFirst);
      this.countProducts(input.numel() / this.inputSize);
      if (!isOne) return [output, ...last];
      return [output.squeeze(this.batchFirst ? 0 : 1), ...last.map((state) => state.squeeze(1))];
    });
  }

  private runPacked(
    run: Run,
    { data, batchSizes, sortedIndices, unsortedIndices }: PackedSequence,
    states: States | null,
    sizes: readonly number[],
    together: (states: States) => unknown,
  ): [output: Sequences, ...states: Tensor[]] {
    this.checkInput(data, [2]);
    const ordered = (all: States, order: Tensor | null) =>
      order ? all.map((state) => state.indexSelect(1, order)) : all;
    const batch = batchSizes.select(0, 0).item();
    const first = ordered(this.statesFor(data, states, sizes, batch), sortedIndices);
    const [output, ...last] = run(data, batchSizes, together(first), ...this.settings());
    this.countProducts(data.shape[0]);
    return [
      new PackedSequence(output, batchSizes, sortedIndices, unsortedIndices),
      ...ordered(last, unsortedIndices),
    ];
  }

  private settings(): unknown[] {
    const { bias, numLayers, dropout, training, bidirectional } = this;
    return [this.weights(), bias, numLayers, dropout, training, bidirectional];
  }

  private statesFor(
    { dtype, device }: Tensor,
    states: States | null,
    sizes: readonly number[],
    batch: number,
  ): States {
    const layers = this.numLayers * this.directions.length;
    const shapes = sizes.map((size) => [layers, batch, size]);
    if (states === null) return shapes.map((shape) => torch.zeros(shape, { dtype, device }));
    const fits = states.length === sizes.length;
    if (fits && states.every(({ shape }, n) => `${shape}` === `${shapes[n]}`)) return states;
    const text = (all: readonly (readonly number[])[]) =>
      all.map((one) => `[${one}]`).join(" and ");
    throw new RangeError(
      `${this.constructor.name}: expected states of ${text(shapes)}, given ` +
        text(states.map(({ shape }) => shape)),
    );
  }

  private checkInput({ shape, ndim }: Tensor, dimensions: readonly number[]): void {
    if (dimensions.includes(ndim) && shape.at(-1) === this.inputSize) return;
    throw new RangeError(
      `${this.constructor.name} takes inputs of ${dimensions.join(" or ")} dimensions and ` +
        `${this.inputSize} features, given [${shape}]`,
    );
  }

  private countProducts(rows: number): void {
    const matrices = this.weights().filter(({ ndim }) => ndim === 2);
    count(2 * rows * matrices.reduce((all, matrix) => all + matrix.numel(), 0), rows);
  }
}

function oneState(state: Tensor): Tensor {
  if (state.ndim === 2) return state.unsqueeze(1);
  throw new RangeError(`expected states of one sequence of 2 dimensions, given [${state.shape}]`);
}

/** Options of `LSTM`. */
export interface LSTMOptions extends RecurrentOptions {
  /** The size that outputs are projected to (Sak et al. 2014, arXiv 1402.1128); 0, not at all, by default. */
  readonly projSize?: number;
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997), PyTorch's by weights, outputs and draws:
 * `new LSTM(8, 16, { numLayers: 2, bidirectional: true })`, or with the layers third.
 *
 * Throws RangeError for sizes that are none.
 */
export class LSTM extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, ...args: LayersAndOptions<LSTMOptions>) {
    const [numLayers, { projSize, ...rest }] = layersFirst("LSTM", args, "projSize");
    super(4, inputSize, hiddenSize, numLayers, rest, projSize);
  }

  /** x, h and c of before, by default zeros -> outputs [T,B,h], and h and c [layers,B,h] of the last step. */
  override forward<Given extends Sequences>(
    x: Given,
    states: readonly [h: Tensor, c: Tensor] | null = null,
  ): [output: Given, states: [h: Tensor, c: Tensor]] {
    const sizes = [this.outputSize, this.hiddenSize];
    const all = (each: States) => [...each];
    const [output, h, c] = this.run(torch.lstm as Run, x, states, sizes, all);
    return [output as Given, [h, c]];
  }
}

/**
 * Gated recurrent units (Cho et al. 2014, arXiv 1406.1078), PyTorch's by weights, outputs and draws.
 *
 * Throws RangeError for sizes that are none.
 */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, ...args: LayersAndOptions<RecurrentOptions>) {
    super(3, inputSize, hiddenSize, ...layersFirst("GRU", args, ""));
  }

  /** x, h of before, by default zeros -> outputs [T,B,h], and h [layers,B,h] of the last step. */
  override forward<Given extends Sequences>(
    x: Given,
    h: Tensor | null = null,
  ): [output: Given, h: Tensor] {
    const sizes = [this.hiddenSize];
    return this.run(torch.gru as Run, x, h && [h], sizes) as [Given & Tensor, Tensor];
  }
}

/** Options of `RNN`. */
export interface RNNOptions extends RecurrentOptions {
  /** "tanh" by default. */
  readonly nonlinearity?: "tanh" | "relu";
}

/**
 * The plain recurrent network (Elman 1990), PyTorch's by weights, outputs and draws.
 *
 * Throws RangeError for sizes that are none, and for another nonlinearity.
 */
export class RNN extends Recurrent {
  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, ...args: LayersAndOptions<RNNOptions>) {
    const [numLayers, { nonlinearity = "tanh", ...rest }] = layersFirst(
      "RNN",
      args,
      "nonlinearity",
    );
    super(1, inputSize, hiddenSize, numLayers, rest);
    if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
      throw new RangeError(`RNN: nonlinearity is "tanh" or "relu", given ${nonlinearity}`);
    }
    this.nonlinearity = nonlinearity;
  }

  /** x, h of before, by default zeros -> outputs [T,B,h], and h [layers,B,h] of the last step. */
  override forward<Given extends Sequences>(
    x: Given,
    h: Tensor | null = null,
  ): [output: Given, h: Tensor] {
    const run = (this.nonlinearity === "tanh" ? torch.rnnTanh : torch.rnnRelu) as Run;
    return this.run(run, x, h && [h], [this.hiddenSize]) as [Given & Tensor, Tensor];
  }
}
