import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import * as nn from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, reference, weightedSum } from "../reference/load";
import { same } from "../torch/support";
import { close } from "./support";

interface Case {
  readonly name: string;
  readonly kind: "RNN" | "GRU" | "LSTM" | "RNNCell" | "GRUCell" | "LSTMCell";
  readonly size: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** How many states are given. */
  readonly states: number;
  readonly lengths: readonly number[] | null;
  readonly sorted: boolean;
  readonly evaluate: boolean;
}

const { RNN, GRU, LSTM, RNNCell, GRUCell, LSTMCell } = nn;
const kinds = { RNN, GRU, LSTM, RNNCell, GRUCell, LSTMCell };
const { packPaddedSequence, padPackedSequence, packSequence, padSequence } = nn.utils.rnn;
const file = join(__dirname, "../reference/nn-recurrent.safetensors");
const values = reference("nn-recurrent");
const cases: Case[] = JSON.parse(torch.loadMetadata(file).cases);
const hidden = 4;

for (const each of cases) {
  const text = JSON.stringify({ ...each.options, lengths: each.lengths ?? undefined });
  test(`${each.name} ${text} is PyTorch's: weights, outputs, states, gradients`, (t) => {
    torch.scope(() => check(t, each));
  });
}

type Layer = nn.Module & { forward(x: unknown, states: unknown): unknown };

function check(t: ExecutionContext, each: Case): void {
  const { name, kind, size, options, lengths, sorted, evaluate } = each;
  const camel = Object.entries(options).map(([key, value]) => [
    key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
    value,
  ]);
  const Class = kinds[kind] as unknown as new (...args: unknown[]) => Layer;
  torch.manualSeed(11);
  const layer = new Class(size, hidden, Object.fromEntries(camel));
  const initial = below(values, `${name}.init`);
  t.deepEqual(Object.keys(layer.stateDict()).sort(), Object.keys(initial).sort());
  for (const [weight, expected] of Object.entries(initial)) {
    close(t, layer.stateDict()[weight].to("float32"), expected, `initial ${weight}`, 1e-6);
  }
  layer
    .to("float64")
    .train(!evaluate)
    .loadStateDict(below(values, `${name}.state`));
  const x = values[`${name}.x`].clone().requiresGrad_();
  const before = Array.from({ length: each.states }, (_, n) =>
    values[`${name}.h${n}`].clone().requiresGrad_(),
  );
  const isLstm = kind.startsWith("LSTM");
  const states = before.length === 0 ? null : isLstm ? before : before[0];
  const batchFirst = options.batch_first === true;
  const packing = { batchFirst, enforceSorted: sorted };
  const given = lengths ? packPaddedSequence(x, lengths, packing) : x;
  torch.manualSeed(3);
  const results = layer.forward(given, states);
  const isCell = kind.endsWith("Cell");
  let [out, last] = isCell ? [null, results] : (results as [unknown, unknown]);
  if (lengths) {
    const packed = out as nn.PackedSequence;
    same(t, packed.data, values[`${name}.packed`], "packed");
    const [padded, found] = padPackedSequence(packed, { batchFirst, paddingValue: -1 });
    same(t, found, values[`${name}.lengths`], "lengths");
    out = padded;
  }
  const ends = (Array.isArray(last) ? last : [last]) as Tensor[];
  const all = [...(out ? [out as Tensor] : []), ...ends];
  const names = [...(out ? ["out"] : []), ...ends.map((_, n) => `last${n}`)];
  for (const [n, part] of names.entries()) same(t, all[n], values[`${name}.${part}`], part);
  all
    .map(weightedSum)
    .reduce((a, b) => a.add(b))
    .backward();
  const leaves: Record<string, Tensor> = {
    x,
    ...Object.fromEntries(before.map((state, n) => [`h${n}`, state])),
    ...layer.stateDict(),
  };
  for (const [part, expected] of Object.entries(below(values, `${name}.grad`))) {
    same(t, leaves[part].grad as Tensor, expected, `gradient of ${part}`);
  }
}

test("sequences are packed, padded and unpacked as in PyTorch", (t) => {
  const sequences = Array.from({ length: 3 }, (_, n) => values[`sequence.${n}`]);
  const packed = packSequence(sequences, { enforceSorted: false });
  same(t, packed.data, values["sequences.data"], "data");
  same(t, packed.batchSizes, values["sequences.batch_sizes"], "batch sizes");
  same(t, packed.sortedIndices as Tensor, values["sequences.sorted"], "order");
  same(t, packed.unsortedIndices as Tensor, values["sequences.unsorted"], "order undone");
  same(t, padSequence(sequences, true, -2), values["sequences.padded"], "padded");
  same(t, padSequence(sequences, { paddingSide: "left" }), values["sequences.left"], "left");
  for (const [n, one] of nn.utils.rnn.unpackSequence(packed).entries()) {
    same(t, one, sequences[n], `${n}`);
  }
  t.is(packed.to("float32").data.dtype, "float32");
  t.throws(() => packSequence(sequences), { message: /sorted/ });
  t.throws(() => padPackedSequence(packed, { totalLength: 2 }), { message: /longest/ });
  t.throws(() => packPaddedSequence(torch.zeros([2, 2, 1]), [3, 1]), { message: /lengths/ });
  t.throws(() => packPaddedSequence(torch.zeros([2, 2, 1]), [2, 0]), { message: /lengths/ });
});

test("layers may be third, as in PyTorch, and what is wrong is refused", (t) => {
  t.is(new nn.LSTM(3, 4, 2).numLayers, 2);
  t.is(new nn.GRU(3, 4, 2, { batchFirst: true }).batchFirst, true);
  const loose = nn as unknown as Record<string, new (...args: unknown[]) => nn.LSTM>;
  const wrong: [() => unknown, RegExp][] = [
    [() => new nn.LSTM(0, 4), /inputSize is a whole number above 0/],
    [() => new nn.LSTM(3, 4, 1e9), /numLayers is a whole number of 1 to 10000, given 1000000000/],
    [() => new nn.GRU(3, 4, { dropout: 2, numLayers: 2 }), /dropout probability 2/],
    [() => new nn.LSTM(3, 4, { projSize: 4 }), /projSize is 0 or below hiddenSize/],
    [() => new loose.GRU(3, 4, { projSize: 2 }), /given 'projSize'/],
    [() => new loose.LSTM(3, 4, { hiddensize: 2 }), /given 'hiddensize'/],
    [() => new loose.RNN(3, 4, { nonlinearity: "gelu" }), /"tanh" or "relu"/],
    [() => new nn.LSTM(3, 4).forward(torch.zeros([2, 1, 5])), /3 features, given \[2,1,5\]/],
    [() => new nn.GRU(3, 4).forward(torch.zeros([2, 1, 3]), torch.zeros([1, 2, 4])), /\[1,1,4\]/],
    [() => new nn.LSTMCell(3, 4).forward(torch.zeros([2, 4])), /takes x \[B,3\] or \[3\]/],
    [() => new nn.LSTM(3, 4).forward(torch.zeros([0, 2, 3])), /length|elements|expected/i],
  ];
  for (const [call, message] of wrong) t.throws(call, { message });
});

test("a recurrent layer leaves nothing behind, counts its products and goes to another dtype", (t) => {
  const layer = new nn.LSTM(3, 4, { numLayers: 2 });
  const x = torch.randn([5, 2, 3]);
  torch.assertNoLeaks(() => torch.scope(() => void layer.forward(x)));
  const { flops } = nn.functional.countFlops(() => layer.forward(x));
  t.is(flops, 2 * 5 * 2 * (16 * 3 + 16 * 4 + 16 * 4 + 16 * 4));
  const [out, [h, c]] = layer.to("float64").forward(x.double());
  t.deepEqual(
    [out.shape, h.shape, c.shape],
    [
      [5, 2, 4],
      [2, 2, 4],
      [2, 2, 4],
    ],
  );
  t.is(out.dtype, "float64");
  t.is(layer.summary(x.double()).length > 0, true);
});
