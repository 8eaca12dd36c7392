// A decoder of GPT-2's kind (Radford et al. 2019) with the parameter names of Hugging Face's checkpoints,
// a key-value cache and sampling. Run with: npx ts-node -T examples/gpt.ts
import * as nn from "adaptune/nn";
import * as optim from "adaptune/optim";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";

export interface GPTConfig {
  readonly vocabulary: number;
  /** How many tokens a text may have. */
  readonly positions: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
}

/** Keys and values [B,H,T,d] of the tokens so far, of each layer. */
export type Cache = readonly (readonly [keys: Tensor, values: Tensor])[];

/** x [..,n] -> x weight + bias [..,m]; the weight is [n,m], as GPT-2's checkpoints have it. */
class Projection extends nn.Module {
  readonly weight: nn.Parameter;
  readonly bias: nn.Parameter;

  constructor(inputs: number, outputs: number) {
    super();
    this.weight = new nn.Parameter(torch.randn([inputs, outputs]).mul(0.02));
    this.bias = new nn.Parameter(torch.zeros([outputs]));
  }

  override forward(x: Tensor): Tensor {
    return nn.functional.linear(x, this.weight.t(), this.bias);
  }
}

/** Every token attends to itself and those before it: x [B,S,D] -> [B,S,D]. */
class CausalAttention extends nn.Module {
  readonly c_attn: Projection;
  readonly c_proj: Projection;

  constructor(
    width: number,
    private readonly heads: number,
  ) {
    super();
    this.c_attn = new Projection(width, 3 * width);
    this.c_proj = new Projection(width, width);
  }

  override forward(x: Tensor, past: Cache[number] | null): [Tensor, Cache[number]] {
    const [q, k, v] = this.c_attn
      .forward(x)
      .chunk(3, -1)
      .map((part) => part.unflatten(-1, [this.heads, -1]).transpose(1, 2)); // [B,H,S,d]
    const keys = past ? torch.cat([past[0], k], 2) : k;
    const values = past ? torch.cat([past[1], v], 2) : v;
    const [length, all] = [q.shape[2], keys.shape[2]];
    const attnMask = torch
      .ones([length, all], { dtype: "bool", device: x.device })
      .tril(all - length);
    const attended = torch.scaledDotProductAttention(q, keys, values, { attnMask });
    return [this.c_proj.forward(attended.transpose(1, 2).flatten(2)), [keys, values]];
  }
}

class FeedForward extends nn.Module {
  readonly c_fc: Projection;
  readonly c_proj: Projection;

  constructor(width: number) {
    super();
    this.c_fc = new Projection(width, 4 * width);
    this.c_proj = new Projection(4 * width, width);
  }

  override forward(x: Tensor): Tensor {
    return this.c_proj.forward(torch.gelu(this.c_fc.forward(x), { approximate: "tanh" }));
  }
}

class Block extends nn.Module {
  readonly ln_1: nn.LayerNorm;
  readonly attn: CausalAttention;
  readonly ln_2: nn.LayerNorm;
  readonly mlp: FeedForward;

  constructor({ width, heads }: GPTConfig) {
    super();
    this.ln_1 = new nn.LayerNorm(width);
    this.attn = new CausalAttention(width, heads);
    this.ln_2 = new nn.LayerNorm(width);
    this.mlp = new FeedForward(width);
  }

  override forward(x: Tensor, past: Cache[number] | null): [Tensor, Cache[number]] {
    const [attended, present] = this.attn.forward(this.ln_1.forward(x), past);
    const state = x.add(attended);
    return [state.add(this.mlp.forward(this.ln_2.forward(state))), present];
  }
}

/**
 * Ids [B,S] -> logits [B,S,V] of the token after each. `loadStateDict(torch.load(file), { strict: false })`
 * reads checkpoints of gpt2, which hold causal masks beside the weights.
 */
export class GPT extends nn.Module {
  readonly wte: nn.Embedding;
  readonly wpe: nn.Embedding;
  readonly h: nn.ModuleList<Block>;
  readonly ln_f: nn.LayerNorm;

  constructor(readonly config: GPTConfig) {
    super();
    this.wte = new nn.Embedding(config.vocabulary, config.width);
    this.wpe = new nn.Embedding(config.positions, config.width);
    this.h = new nn.ModuleList(Array.from({ length: config.layers }, () => new Block(config)));
    this.ln_f = new nn.LayerNorm(config.width);
    for (const { weight } of [this.wte, this.wpe]) nn.init.normal_(weight, 0, 0.02);
  }

  /** With a cache, the ids are those after the ones it is of. */
  override forward(ids: Tensor, cache: Cache | null = null): { logits: Tensor; cache: Cache } {
    const start = cache?.[0][0].shape[2] ?? 0;
    const places = torch.arange(start, start + ids.shape[1], { device: ids.device });
    let x = this.wte.forward(ids).add(this.wpe.forward(places));
    const next: Cache[number][] = [];
    for (const [n, block] of [...this.h].entries()) {
      const [state, present] = block.forward(x, cache?.[n] ?? null);
      next.push(present);
      x = state;
    }
    // The output's weight is that of the embedding.
    const logits = nn.functional.linear(this.ln_f.forward(x), this.wte.weight);
    return { logits, cache: next };
  }
}

export interface SampleOptions {
  /** How many tokens are added. */
  readonly count: number;
  /** Below 1 likely tokens become likelier; 0 takes the likeliest. 1 by default. */
  readonly temperature?: number;
  /** Only so many of the likeliest tokens are drawn from; all by default. */
  readonly topK?: number | null;
}

/** Ids [B,S] -> ids [B,S+count]. Each step computes the new token alone, by the cache. */
export function generate(
  model: GPT,
  ids: Tensor,
  { count, temperature = 1, topK = null }: SampleOptions,
): Tensor {
  return torch.noGrad(() =>
    torch.scope(() => {
      let [all, step, cache] = [ids, ids, null as Cache | null];
      for (let n = 0; n < count; n++) {
        const out = model.forward(step, cache);
        step = pick(out.logits.select(1, -1), temperature, topK);
        cache = out.cache;
        all = torch.cat([all, step], 1);
      }
      return all;
    }),
  );
}

/** Logits [B,V] -> ids [B,1] */
function pick(logits: Tensor, temperature: number, topK: number | null): Tensor {
  if (temperature === 0) return logits.argmax(-1, { keepdim: true });
  const scaled = logits.div(temperature);
  if (topK === null) return torch.multinomial(scaled.softmax(-1), 1);
  const least = torch.topk(scaled, topK)[0].index("...", torch.slice(-1));
  return torch.multinomial(scaled.maskedFill(scaled.lt(least), -Infinity).softmax(-1), 1);
}

function main(): void {
  torch.manualSeed(0);
  const text = "one two three four five six seven eight nine ten ".repeat(8);
  const letters = [...new Set(text)].sort();
  const tokens = torch.tensor(
    [...text].map((letter) => letters.indexOf(letter)),
    { dtype: "int64" },
  );

  const config = { vocabulary: letters.length, positions: 64, width: 48, layers: 2, heads: 4 };
  const model = new GPT(config);
  const steps = 150;
  const optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3 });
  const schedule = new optim.OneCycleLR(optimizer, 6e-3, { totalSteps: steps });
  for (let step = 1; step <= steps; step++) {
    const loss = torch.scope(() => {
      const starts = torch.randint(0, text.length - 49, [8, 1], { dtype: "int64" });
      const places = starts.add(torch.arange(49));
      const batch = tokens.index(places);
      const { logits } = model.forward(batch.index(torch.slice(), torch.slice(0, -1)));
      const targets = batch.index(torch.slice(), torch.slice(1));
      const loss = torch.crossEntropyLoss(logits.flatten(0, 1), targets.flatten());
      loss.backward();
      return loss.item();
    });
    optimizer.step();
    optimizer.zeroGrad();
    schedule.step();
    if (step % 50 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
  }
  const start = torch.tensor([[..."one "].map((letter) => letters.indexOf(letter))], {
    dtype: "int64",
  });
  const [ids] = generate(model, start, { count: 40, temperature: 0.5, topK: 5 }).toArray<
    number[][]
  >();
  console.log(`sampled: ${ids.map((id) => letters[id]).join("")}`);
}

if (require.main === module) main();
