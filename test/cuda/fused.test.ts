import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { same } from "../torch/support";
import { cudaTest, FLOATS, likeCpu } from "./support";

const fused = torch.ops.adaptune as unknown as {
  gumbel_gate(
    logits: Tensor,
    temperature: number,
    options: { sample?: boolean; exponential?: Tensor },
  ): [gate: Tensor, choice: Tensor];
  split_samples(
    x: Tensor,
    choice: number[],
    alternatives: number,
    options?: { lengths?: number[] },
  ): Tensor[];
  route_blend(
    gate: Tensor,
    winners: Tensor[],
    losers: Tensor[],
    choice: number[],
    options?: { lengths?: number[]; compared?: number[] },
  ): Tensor;
  packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    queryLengths: number[],
    keyLengths: number[],
    heads: number,
    options?: {
      dropoutP?: number;
      seed?: number;
      queryRows?: Tensor;
      keyRows?: Tensor;
      headNumbers?: number[];
    },
  ): Tensor;
  dropout_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | null,
    p: number,
    seed: number,
    options?: { heads?: number[] },
  ): Tensor;
  bias_gelu(x: Tensor, bias?: Tensor): Tensor;
  dropout(x: Tensor, p: number, seed: number, options?: { rows?: Tensor }): Tensor;
  dropout_add_layer_norm(
    x: Tensor,
    residual: Tensor,
    weights: Tensor[],
    biases: Tensor[],
    options: { p?: number; seed?: number; rows?: Tensor; choice?: number[]; lengths?: number[] },
  ): Tensor;
};

const draw = (...shape: number[]) => torch.randn(shape, { dtype: "float64" });
const like = (x: Tensor, of: Tensor) => x.to({ device: of.device, dtype: of.dtype });

for (const dtype of FLOATS) {
  for (const shape of [
    [5, 3, 2],
    [300, 3],
    [1, 1],
    [2, 37],
  ]) {
    cudaTest(`the gate is the CPU's: ${dtype} [${shape}]`, (t) => {
      torch.manualSeed(1);
      const noise = torch
        .rand(shape, { dtype: "float64" })
        .add(0.01)
        .log()
        .neg()
        .to(dtype)
        .double();
      for (const exponential of [noise, undefined]) {
        likeCpu(t, "gate", dtype, [draw(...shape)], (logits) => {
          const given = exponential && like(exponential, logits);
          const [gate, choice] = fused.gumbel_gate(logits, 0.7, {
            sample: given !== undefined,
            exponential: given,
          });
          return [gate, choice];
        });
      }
    });
  }

  for (const width of [768, 20, 3, 1]) {
    cudaTest(`rows are split and blended as on the CPU: ${dtype}, ${width} columns`, (t) => {
      torch.manualSeed(2);
      const lengths = [3, 1, 4, 2, 7, 5];
      const choice = [1, 0, 2, 1, 0, 1];
      const rows = lengths.reduce((sum, length) => sum + length, 0);
      const logits = draw(6, 3);
      likeCpu(t, "split", dtype, [draw(rows, width)], (x) =>
        fused.split_samples(x, choice, 3, { lengths }),
      );
      likeCpu(t, "blend", dtype, [draw(rows, width), logits], (x, gate) => {
        const winners = fused
          .split_samples(x, choice, 3, { lengths })
          .map((part, k) => part.mul(k + 1));
        const losers = [0, 1, 2].map((k) => {
          const others = choice.map((pick) => (pick === k ? -1 : 0));
          const [part] = fused.split_samples(x.detach(), others, 1, { lengths });
          return part.mul(k + 1);
        });
        return fused.route_blend(gate, winners, losers, choice, { lengths });
      });
    });
  }

  for (const shape of [
    [5, 7, 768],
    [3, 3072],
    [4, 5],
    [2, 3, 6],
    [700, 64],
  ]) {
    cudaTest(`bias and gelu are the CPU's: ${dtype} [${shape}]`, (t) => {
      torch.manualSeed(3);
      const columns = shape.at(-1)!;
      likeCpu(t, "with a bias", dtype, [draw(...shape), draw(columns)], (x, bias) =>
        fused.bias_gelu(x, bias),
      );
      likeCpu(t, "without", dtype, [draw(...shape)], (x) => fused.bias_gelu(x));
      // The bias of a model in higher precision.
      likeCpu(t, "of another type", dtype, [draw(...shape), draw(columns)], (x, bias) =>
        fused.bias_gelu(x, dtype === "float64" ? bias : bias.float()),
      );
    });
  }

  for (const shape of [
    [4, 6, 768],
    [9, 1024],
    [5, 40],
    [3, 5, 7],
    [2, 2, 1536],
    [130, 256],
    [3, 512],
  ]) {
    cudaTest(`dropout, residual and norm are the CPU's: ${dtype} [${shape}]`, (t) => {
      torch.manualSeed(4);
      const columns = shape.at(-1)!;
      const choice = Array.from({ length: shape[0] }, (_, sample) => (sample * 2 + 1) % 3);
      const norms = [0, 1, 2].flatMap(() => [draw(columns), draw(columns)]);
      for (const p of [0, 0.3]) {
        likeCpu(
          t,
          `p = ${p}, three alternatives`,
          dtype,
          [draw(...shape), draw(...shape), ...norms],
          (x, residual, ...given) =>
            fused.dropout_add_layer_norm(
              x,
              residual,
              [given[0], given[2], given[4]],
              [given[1], given[3], given[5]],
              { p, seed: 5, choice },
            ),
        );
        likeCpu(t, `p = ${p}, no parameters`, dtype, [draw(...shape), draw(...shape)], (x, y) =>
          fused.dropout_add_layer_norm(x, y, [], [], { p, seed: 6 }),
        );
      }
    });
  }
}

for (const shape of [[3, 8, 64], [5, 13], [2, 3, 4, 6], [40]]) {
  cudaTest(`what is dropped is the same to the bit as on the CPU: [${shape}]`, (t) => {
    const ones = torch.ones(shape);
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const numbers = torch.arange(rows, { dtype: "int64" }).mul(4_294_967_296 + 7);
    for (const given of [undefined, numbers]) {
      const of = (x: Tensor) =>
        fused.dropout(x, 0.4, 123_456_789_012, { rows: given?.to(x.device) });
      t.true(torch.equal(of(ones.cuda()).cpu(), of(ones)));
    }
    likeCpu(t, "dropout", "float32", [draw(...shape)], (x) => fused.dropout(x, 0.4, 9));
  });
}

for (const [dtype, size] of [
  ["float32", 8],
  ["bfloat16", 64],
  ["float16", 32],
  ["bfloat16", 12],
] as const) {
  for (const [queries, keys] of [
    [
      [3, 70, 1, 12],
      [5, 64, 1, 12],
    ],
    [
      [6, 6, 6],
      [6, 6, 6],
    ],
    [[4], [9]],
  ]) {
    cudaTest(`packed attention is the CPU's: ${dtype}, d = ${size}, ${queries} x ${keys}`, (t) => {
      torch.manualSeed(6);
      const sum = (lengths: number[]) => lengths.reduce((total, length) => total + length, 0);
      const values = [sum(queries), sum(keys), sum(keys)].map((rows) => draw(rows, 2 * size));
      likeCpu(t, "attention", dtype, values, (query, key, value) =>
        fused.packed_attention(query, key, value, queries, keys, 2),
      );
    });
  }
}

for (const dtype of FLOATS) {
  cudaTest(`attention drops what it does on the CPU: ${dtype}`, (t) => {
    torch.manualSeed(8);
    const [queries, keys] = [
      [3, 9, 1],
      [5, 9, 2],
    ];
    const numbers = (lengths: number[]) =>
      torch.tensor(
        lengths.flatMap((length, sample) =>
          Array.from({ length }, (_, n) => BigInt(sample + 4) * 4_294_967_296n + BigInt(n * 2)),
        ),
        { dtype: "int64" },
      );
    for (const given of [true, false]) {
      likeCpu(t, "packed", dtype, [draw(13, 32), draw(16, 32), draw(16, 32)], (q, k, v) =>
        fused.packed_attention(q, k, v, queries, keys, 2, {
          dropoutP: 0.3,
          seed: 11,
          ...(given && {
            queryRows: numbers(queries).to(q.device),
            keyRows: numbers(keys).to(q.device),
            headNumbers: [5, 2],
          }),
        }),
      );
    }
    const shape = [2, 3, 7, 8];
    likeCpu(t, "padded", dtype, [draw(...shape), draw(...shape), draw(...shape)], (q, k, v) => {
      const mask = torch.arange(7, { device: q.device }).lt(5).view([1, 1, 1, 7]);
      return fused.dropout_attention(q, k, v, mask, 0.2, 12, { heads: [7, 0, 1] });
    });
  });
}

cudaTest("hundreds of spans take several launches and the same places", (t) => {
  torch.manualSeed(7);
  const choice = Array.from({ length: 1500 }, (_, n) => ((n * n + 1) % 3) % 2);
  likeCpu(t, "split", "float32", [draw(1500, 5)], (x) => fused.split_samples(x, choice, 2));
  likeCpu(t, "blend", "float32", [draw(1500, 5), draw(1500, 2)], (x, gate) => {
    const parts = fused.split_samples(x, choice, 2);
    const losers = fused.split_samples(x.detach().mul(2), choice, 2).reverse();
    return fused.route_blend(gate, parts, losers, choice);
  });
});

cudaTest("views that start between vectors are read where they start", (t) => {
  const x = torch.arange(1 + 6 * 8, { dtype: "float32" });
  const of = (all: Tensor) => fused.bias_gelu(all.narrow(0, 1, 48).view([6, 8]));
  same(t, of(x.cuda()).cpu(), of(x), "bias_gelu", 1e-6);
});

cudaTest("wrong calls say so, and leave the device usable", (t) => {
  const x = torch.ones([2, 3], { device: "cuda" });
  t.throws(() => fused.bias_gelu(x, torch.ones([3])), { message: /argument 'bias'.*cuda:0/s });
  t.throws(() => fused.dropout(x, 0.5, 1, { rows: torch.zeros([1], { dtype: "int64" }) }), {
    message: /argument 'rows'/,
  });
  t.is(x.sum().item(), 6);
});
