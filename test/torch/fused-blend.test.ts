import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import {
  draw,
  float64,
  gumbel_gate,
  int64,
  noise,
  plainGate,
  refused,
  route_blend,
} from "./fused-support";
import { numbers, numericalGradient, same } from "./support";

/** The rows of each alternative's full outputs [B,...] that picked it, and those that did not. */
function route(full: Tensor[], choice: number[], computed = full.map(() => true)) {
  const rows = (k: number, picked: boolean) =>
    choice.flatMap((c, b) => ((c === k) === picked ? [b] : []));
  const take = (k: number, picked: boolean) => {
    const numbers = rows(k, picked);
    if (numbers.length === 0) return torch.empty([0], { dtype: full[k].dtype });
    return full[k].indexSelect(0, torch.tensor(numbers, { dtype: "int64" }));
  };
  return {
    winners: full.map((_, k) => take(k, true)),
    losers: full.map((out, k) =>
      computed[k] ? take(k, false).detach() : torch.empty([0], { dtype: out.dtype }),
    ),
  };
}

const oneHot = (choice: number[], K: number) =>
  torch.oneHot(torch.tensor(choice, { dtype: "int64" }), K).double();

/** sum_k gate[:,k] * full[k], the loser's values without gradient as in the routed form. */
function plainBlend(gate: Tensor, full: Tensor[]): Tensor {
  const broadcast = (k: number) => gate.select(1, k).view([-1, ...full[k].shape.slice(1).fill(1)]);
  return full.map((out, k) => out.mul(broadcast(k))).reduce((a, b) => a.add(b));
}

/** The gradient of the plain blend to the gate, less the winner's: what a softmax cannot tell apart. */
function relative(gradient: Tensor, choice: number[], computed: boolean[]): Tensor {
  const winner = gradient.gather(1, int64(choice).unsqueeze(1));
  return gradient.sub(winner).mul(torch.tensor(computed.map(Number), float64));
}

for (const [name, choice, K, rest, computed] of [
  ["two alternatives", [0, 1, 1, 0, 1], 2, [3, 4], [true, true]],
  ["three alternatives", [2, 0, 1, 2], 3, [5], [true, true, true]],
  ["one row", [1], 2, [2, 3], [true, true]],
  ["no row of one alternative", [0, 0, 0], 2, [4], [true, true]],
  ["no row of two alternatives", [1, 1], 3, [2], [true, true, true]],
  ["a loser not computed", [0, 1, 0, 2], 3, [2, 2], [true, false, true]],
  ["no loser computed", [0, 1, 0], 2, [2], [false, false]],
  ["a single alternative", [0, 0], 1, [3], [true]],
  ["outputs that are one number a row", [1, 0, 1], 2, [], [true, true]],
] as [string, number[], number, number[], boolean[]][]) {
  test(`blend: values and gradients are those of computing everything: ${name}`, (t) => {
    torch.manualSeed(choice.length);
    const full = Array.from({ length: K }, () => draw(choice.length, ...rest).requiresGrad_());
    const gate = oneHot(choice, K).requiresGrad_();
    const { winners, losers } = route(full, choice, computed);
    const out = route_blend(gate, winners, losers, choice);
    const plainWeights = gate.detach().requiresGrad_();
    const plain = plainBlend(plainWeights, full);
    same(t, out, plain, "out", 0);
    const weights = draw(choice.length, ...rest);
    const loss = out.mul(weights).sum();
    const found = torch.grad([loss], [gate, ...full], { allowUnused: true });
    const expected = torch.grad([plain.mul(weights).sum()], [plainWeights, ...full]);
    same(t, found[0]!, relative(expected[0]!, choice, computed), "gate gradient", 1e-12);
    for (let k = 0; k < K; k++) {
      const zero = torch.zerosLike(full[k]);
      same(t, found[k + 1] ?? zero, expected[k + 1]!, `gradient of alternative ${k}`, 1e-12);
    }
  });
}

test("blend: samples of several rows, some of which are not compared", (t) => {
  torch.manualSeed(7);
  const choice = [1, 0, 2, 1];
  const lengths = [2, 3, 1, 2];
  const compared = [0b001, 0b110, 0b011, 0b000];
  const owner = lengths.flatMap((length, sample) => Array(length).fill(sample) as number[]);
  const full = [0, 1, 2].map(() => draw(8, 5).requiresGrad_());
  const take = (k: number, keeps: (sample: number) => boolean) => {
    const rows = owner.flatMap((sample, row) => (keeps(sample) ? [row] : []));
    return full[k].indexSelect(0, torch.tensor(rows, { dtype: "int64" }));
  };
  const isCompared = (k: number, b: number) => choice[b] !== k && (compared[b] >> k) % 2 === 1;
  const winners = full.map((_, k) => take(k, (sample) => choice[sample] === k));
  const losers = full.map((_, k) => take(k, (sample) => isCompared(k, sample)).detach());
  const gate = oneHot(choice, 3).requiresGrad_();
  const out = route_blend(gate, winners, losers, choice, { lengths, compared });
  const byRow = oneHot(choice, 3).indexSelect(0, int64(owner)).requiresGrad_();
  const plain = plainBlend(byRow, full);
  same(t, out, plain, "out", 0);
  const weights = draw(8, 5);
  const found = torch.grad([out.mul(weights).sum()], [gate, ...full]);
  const expected = torch.grad([plain.mul(weights).sum()], [byRow, ...full]);
  const ofSamples = torch.zeros([4, 3], float64).indexAdd(0, int64(owner), expected[0]!);
  const slopes = relative(ofSamples, choice, [true, true, true]);
  const mask = choice.map((_, b) => [0, 1, 2].map((k) => (isCompared(k, b) ? 1 : 0)));
  same(t, found[0]!, slopes.mul(torch.tensor(mask, float64)), "gate gradient", 1e-12);
  for (const k of [0, 1, 2]) same(t, found[k + 1]!, expected[k + 1]!, `gradient ${k}`, 1e-12);
});

test("blend: gradients are finite differences'", (t) => {
  torch.manualSeed(1);
  const choice = [1, 0, 1];
  const full = [draw(3, 2), draw(3, 2)];
  const { winners, losers } = route(full, choice);
  const weights = draw(3, 2);
  const gate = oneHot(choice, 2).requiresGrad_();
  const first = winners[0].clone().requiresGrad_();
  const blend = (x: Tensor) =>
    route_blend(gate, [x, winners[1]], losers, choice).mul(weights).sum();
  const [found, toGate] = torch.grad([blend(first)], [first, gate]);
  same(t, found!, numericalGradient(blend, first), "winners", 1e-8);
  const mix = (x: Tensor) => plainBlend(x, full).mul(weights).sum();
  const slopes = numericalGradient(mix, gate);
  same(t, toGate!, relative(slopes, choice, [true, true]), "gate", 1e-8);
});

test("gate and blend together give the logits the gradient of the plain formulation", (t) => {
  for (const K of [2, 3]) {
    torch.manualSeed(K);
    const logits = draw(6, K).requiresGrad_();
    const exponential = noise(6, K);
    const full = Array.from({ length: K }, () => draw(6, 4));
    const weights = draw(6, 4);
    const [gate, choice] = gumbel_gate(logits, 0.6, { sample: true, exponential });
    const { winners, losers } = route(full, choice.toArray() as number[]);
    const out = route_blend(gate, winners, losers, numbers(choice));
    const [found] = torch.grad([out.mul(weights).sum()], [logits]);
    const plain = plainBlend(plainGate(logits, 0.6, exponential).gate, full);
    const [expected] = torch.grad([plain.mul(weights).sum()], [logits]);
    same(t, found!, expected!, `K = ${K}`, 1e-12);
    t.true(numbers(found!).some((value) => Math.abs(value) > 1e-3));
  }
});

test("blend: losers get no gradient, also where they could", (t) => {
  const full = [draw(2, 3), draw(2, 3)];
  const { winners, losers } = route(full, [0, 1]);
  const loser = losers[0].clone().requiresGrad_();
  const gate = oneHot([0, 1], 2).requiresGrad_();
  const out = route_blend(gate, winners, [loser, losers[1]], [0, 1]);
  const [gradient] = torch.grad([out.sum()], [loser], { allowUnused: true });
  t.true(gradient === null || numbers(gradient).every((value) => value === 0));
});

test("blend: bfloat16 and float32 outputs under a float32 gate", (t) => {
  for (const [dtype, tolerance] of [
    ["bfloat16", 2e-2],
    ["float32", 1e-5],
    ["float64", 1e-6],
  ] as const) {
    torch.manualSeed(3);
    const choice = [0, 1, 1, 0];
    const wide = [draw(4, 16).to(dtype).double(), draw(4, 16).to(dtype).double()];
    const full = wide.map((out) => out.to(dtype).clone().requiresGrad_());
    const gate = oneHot(choice, 2).to("float32").requiresGrad_();
    const { winners, losers } = route(full, choice);
    const out = route_blend(gate, winners, losers, choice);
    t.is(out.dtype, dtype);
    const weights = draw(4, 16).to(dtype);
    out.mul(weights).sum().backward();
    t.is(gate.grad!.dtype, "float32");
    t.is(full[0].grad!.dtype, dtype);
    const plainWeights = oneHot(choice, 2).requiresGrad_();
    plainBlend(plainWeights, wide).mul(weights.double()).sum().backward();
    const expected = relative(plainWeights.grad!, choice, [true, true]);
    same(t, gate.grad!.double(), expected, `${dtype} gate gradient`, tolerance);
    const mask = oneHot(choice, 2).select(1, 0).unsqueeze(1);
    same(t, full[0].grad!.double(), weights.double().mul(mask), `${dtype} gradient`, tolerance);
  }
});

test("blend: transposed and strided rows are read right", (t) => {
  const full = [draw(3, 4).t(), draw(6, 4).t().slice(1, 0, null, 2)];
  const { losers } = route(full, [0, 1, 0, 1]);
  const winners = [full[0].slice(0, 0, null, 2), full[1].slice(0, 1, null, 2)];
  t.false(winners[0].isContiguous());
  const out = route_blend(oneHot([0, 1, 0, 1], 2), winners, losers, [0, 1, 0, 1]);
  same(t, out, plainBlend(oneHot([0, 1, 0, 1], 2), full), "out", 0);
});

test("blend: gradients of gradients are refused, not wrong", (t) => {
  const full = [draw(2, 2), draw(2, 2).requiresGrad_()];
  const { winners, losers } = route(full, [0, 1]);
  const out = route_blend(oneHot([0, 1], 2).requiresGrad_(), winners, losers, [0, 1]);
  const twice = () => torch.grad([out.sum()], [full[1]], { createGraph: true });
  t.throws(twice, { instanceOf: torch.TorchError, message: /route_blend.*gradients of gradients/ });
});

test("blend: a gate without gradient leaves the winners theirs, and the reverse", (t) => {
  const full = [draw(2, 2).requiresGrad_(), draw(2, 2).requiresGrad_()];
  const { winners, losers } = route(full, [0, 1]);
  const out = route_blend(oneHot([0, 1], 2), winners, losers, [0, 1]);
  out.sum().backward();
  t.deepEqual(full[0].grad!.toArray(), [
    [1, 1],
    [0, 0],
  ]);
  const gate = oneHot([0, 1], 2).requiresGrad_();
  const fixed = winners.map((winner) => winner.detach());
  route_blend(gate, fixed, losers, [0, 1]).sum().backward();
  t.not(gate.grad, null);
  const quiet = torch.noGrad(() => route_blend(gate, winners, losers, [0, 1]));
  t.false(quiet.requiresGrad);
});

test("blend: wrong arguments are refused", (t) => {
  const gate = oneHot([0, 1], 2);
  const one = draw(1, 3);
  const good: [Tensor, Tensor[], Tensor[], number[]] = [gate, [one, one], [one, one], [0, 1]];
  const wrong: [string, number, unknown][] = [
    ["gate of one row too many", 0, oneHot([0, 1, 1], 2)],
    ["gate of three alternatives", 0, oneHot([0, 1], 3)],
    ["gate of one dimension", 0, draw(2)],
    ["integer gate", 0, gate.long()],
    ["no winners", 1, []],
    ["winners of one alternative", 1, [one]],
    ["a row too many", 1, [draw(2, 3), one]],
    ["a row too few", 1, [one, torch.empty([0], float64)]],
    ["winners of other widths", 1, [one, draw(1, 4)]],
    ["winners of two dtypes", 1, [one, one.float()]],
    ["losers of one alternative", 2, [one]],
    ["too many loser rows", 2, [draw(2, 3), one]],
    ["losers of another width", 2, [one, draw(1, 4)]],
    ["choice of fractions", 3, [0, 0.5]],
    ["choice out of range", 3, [0, 2]],
    ["negative choice", 3, [0, -1]],
    ["choice of another count", 3, [0, 0]],
    ["choice for three rows", 3, [0, 1, 1]],
    ["lengths of one row", 4, { lengths: [1] }],
    ["lengths that are too long", 4, { lengths: [1, 2] }],
    ["negative lengths", 4, { lengths: [3, -1] }],
    ["comparisons of one row", 4, { compared: [3] }],
    ["fewer comparisons than losers", 4, { compared: [0, 1] }],
  ];
  t.notThrows(() => route_blend(...good));
  for (const [what, position, value] of wrong) {
    const args = [...good, {}].map((argument, n) => (n === position ? value : argument));
    refused(t, what, () => route_blend(...(args as typeof good)));
  }
});
