import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import {
  type AdaptedModel,
  adapt,
  exportAdapted,
  type GivenPolicyOptions,
  LxmertPolicy,
  loadAdapted,
  maskByName,
  type PolicyOptions,
  PooledPolicy,
  RandomPolicy,
  readMask,
  spotTuneBlock,
} from "../../../src/adaptive";
import { LxmertConfig, LxmertForVisualReasoning } from "../../../src/models";
import * as torch from "../../../src/torch";
import { lxmertCase, type ModelCase, vlBertCase } from "../cases";
import { close, lossOf, move, rowsOf } from "../support";

function adapted(model: ModelCase, policy: PolicyOptions, also: string[] = []) {
  torch.manualSeed(1);
  return adapt(model.make(), spotTuneBlock({ also }), { policy });
}

const initially = { alternative: "tuned", probability: 0.9 };
const size = { hiddenSize: 8, heads: 2 };

for (const [model, policy] of [
  [vlBertCase, { kind: "transformer", ...size }],
  [lxmertCase, { kind: "transformer", ...size }],
  [lxmertCase, { kind: "lxmert", ...size }],
  [vlBertCase, { kind: "pooled", hiddenSizes: [8] }],
  [lxmertCase, { kind: "pooled" }],
] as const) {
  const title = `${policy.kind} on ${model.name}`;
  test(`${title}: shares the embeddings, sees the input, starts where it is told`, (t) => {
    const made = adapted(model, { ...policy, initially }).eval();
    const inputs = model.inputs(6);
    const tuned = made.forward(inputs).probabilities!.select(2, 1); // [B,N]
    t.true(tuned.sub(0.9).abs().max().item() < 0.05);
    t.true(tuned.std(0).min().item() > 0);
    t.false(Object.keys(made.policy!.stateDict()).some((name) => name.includes("embeddings")));
    const some = made.forward(rowsOf(inputs, [4, 1])).probabilities!.select(2, 1);
    const index = torch.tensor([4, 1]).long();
    close(t, some, tuned.indexSelect(0, index), 1e-5, "whatever shares the batch");

    lossOf({ ...made.train().forward(inputs), gate: undefined }).backward();
    const untouched = made.policy!.namedParameters().filter(([, { grad }]) => grad === null);
    // Of a cross-modality block's last regions nothing is read.
    t.true(untouched.every(([name]) => /^x_layers\.0\.visn_/.test(name)));
  });
}

test("embeddings of its own train with the policy, the backbone's do not", (t) => {
  const made = adapted(vlBertCase, { embeddings: "own", ...size });
  lossOf({ ...made.train().forward(vlBertCase.inputs(6)), gate: undefined }).backward();
  const own = made.policy!.namedParameters().filter(([name]) => name.startsWith("embeddings."));
  t.true(own.some(([, { grad }]) => grad !== null));
  t.is(made.model.getModule("vlbert.word_embeddings").parameters()[0].grad, null);
});

test("where embeddings train, a small LXMERT keeps the pretrained ones", (t) => {
  const made = adapted(lxmertCase, { kind: "lxmert", ...size }, ["lxmert.embeddings"]);
  t.true(made.policy instanceof LxmertPolicy);
  const kept = made.policy!.namedParameters().filter(([name]) => name.startsWith("embeddings."));
  t.true(kept.length > 0 && kept.every(([, { requiresGrad }]) => !requiresGrad));
  t.deepEqual(made.forward(lxmertCase.inputs(2)).probabilities!.shape, [2, 5, 2]);
});

test("a small LXMERT reads both images of a pair", (t) => {
  const { config } = lxmertCase.make() as unknown as { config: LxmertConfig };
  const model = new LxmertForVisualReasoning(new LxmertConfig(config));
  const { regionFeatures, regionBoxes, regionMask, ...text } = lxmertCase.inputs(3);
  const twice = (tensor: torch.Tensor, change: torch.Tensor) => torch.stack([tensor, change], 1);
  const inputs = (features: torch.Tensor) => ({
    ...text,
    regionFeatures: twice(regionFeatures!, features),
    regionBoxes: twice(regionBoxes!, regionBoxes!),
    regionMask: twice(regionMask!, regionMask!),
  });
  const policy = { kind: "lxmert", ...size } as const;
  const made = adapt(model as never, spotTuneBlock(), { policy }).eval();
  const says = (features: torch.Tensor) =>
    (made.forward(inputs(features) as never) as { probabilities: torch.Tensor }).probabilities;
  t.true(says(regionFeatures!).sub(says(regionFeatures!.neg())).abs().max().item() > 0);
});

test("a small LXMERT refuses other backbones", (t) => {
  const made = adapted(vlBertCase, { kind: "lxmert" });
  t.throws(() => made.forward(vlBertCase.inputs(2)), { message: /not a VLBert.*transformer/ });
});

test("padding is no part of what is pooled", (t) => {
  const embedded = torch.tensor(
    [
      [1, 2, 3],
      [3, 4, 8],
      [100, 100, 1],
    ],
    { shape: [1, 3, 3] },
  );
  const backbone = {
    embed: () => ({ hidden: embedded, mask: torch.tensor([[[[0, 0, -Infinity]]]]) }),
  };
  const space = { sites: ["a"], alternatives: ["frozen", "tuned"] };
  const policy = new PooledPolicy(space, 3, backbone as never, { kind: "pooled", hiddenSizes: [] });
  const expected = policy.output.forward(policy.layers.forward(torch.tensor([[2, 3, 5.5]])));
  close(t, policy.forward({}, policy).flatten(), expected.flatten(), 1e-6, "logits");
});

test("a constant policy learns one mask for all inputs", (t) => {
  const made = adapted(vlBertCase, { kind: "constant", initially });
  const { probabilities } = made.forward(vlBertCase.inputs(4));
  close(t, probabilities!.select(2, 1), torch.full([4, 2], 0.9), 1e-6, "tuned");
  move(made.model); // so that alternatives differ
  lossOf({ ...made.train().forward(vlBertCase.inputs(4)), gate: undefined }).backward();
  const [logits] = made.parameterGroups().policy;
  t.deepEqual(logits.shape, [2, 2]);
  t.true(logits.grad!.abs().min().item() > 0);
});

test("a random policy keeps to its probability and has nothing to learn", (t) => {
  const made = adapted(vlBertCase, { kind: "random", initially });
  t.deepEqual(made.parameterGroups().policy, []);
  for (const training of [true, false]) {
    const { decisions, probabilities } = made.train(training).forward(vlBertCase.inputs(400));
    t.true(Math.abs(decisions!.double().mean().item() - 0.9) < 0.03);
    close(t, probabilities!.select(2, 1), torch.full([400, 2], 0.9), 1e-6, "tuned");
  }
});

test("a random policy draws from a sequence of its own, which resumes", (t) => {
  const inputs = vlBertCase.inputs(8);
  const draws = (made: ReturnType<typeof adapted>, seed: number) => {
    torch.manualSeed(seed);
    return made.train().forward(inputs).decisions!.toArray();
  };
  const [one, two] = [0, 0].map(() => adapted(vlBertCase, { kind: "random", seed: 4 }));
  const [first, second] = [draws(one, 1), draws(one, 1)];
  t.notDeepEqual(first, second);
  t.deepEqual(draws(two, 2), first);
  const resumed = adapted(vlBertCase, { kind: "random", seed: 4 });
  resumed.loadStateDict(two.stateDict());
  t.deepEqual(draws(resumed, 3), second);
  t.notDeepEqual(draws(adapted(vlBertCase, { kind: "random", seed: 5 }), 1), first);
});

test("in evaluation its decisions are the input's, whatever shares the batch", (t) => {
  const policy = new RandomPolicy({ sites: ["a", "b"], alternatives: ["x", "y"] }, { seed: 1 });
  const ids = torch
    .tensor([
      [5, 6, 0],
      [5, 7, 8],
      [9, 0, 0],
    ])
    .long();
  const all = policy.eval().noise({ ids });
  t.deepEqual(policy.noise({ ids }).toArray(), all.toArray());
  const alone = policy.noise({ ids: torch.tensor([[5, 6]]).long() });
  t.deepEqual(alone.toArray(), all.narrow(0, 0, 1).toArray(), "padded or not");
  t.notDeepEqual(all.select(0, 0).toArray(), all.select(0, 1).toArray());
});

test("a mask is read from a file, by name or by number, and has to fit", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "mask.json");
  const read = (mask: unknown) => {
    writeFileSync(file, JSON.stringify(mask));
    const decisions = readMask(file) as GivenPolicyOptions["decisions"];
    const made = adapted(vlBertCase, { kind: "given", decisions }).eval();
    return made.forward(vlBertCase.inputs(2)).decisions!.to("int32").toArray();
  };
  const { space } = adapted(vlBertCase, {});
  const expected = [
    [1, 0],
    [1, 0],
  ];
  t.deepEqual(read(maskByName([1, 0], space)), expected);
  t.deepEqual(read([1, 0]), expected);
  t.throws(() => read({ [space.sites[0]]: "turned", other: "tuned" }), {
    message: /layer\.1 has none; other is no site; .*layer\.0 has no turned/,
  });
  t.throws(() => read({ a: 1 }), { message: /mask\.json: a mask is/ });
});

test("every kind is exported with its model and read back", (t) => {
  const kinds: [ModelCase, PolicyOptions][] = [
    [vlBertCase, { ...size, initially }],
    [lxmertCase, { kind: "lxmert", ...size }],
    [vlBertCase, { kind: "pooled", hiddenSizes: [8] }],
    [vlBertCase, { kind: "constant", initially }],
    [vlBertCase, { kind: "random", initially, seed: 3 }],
    [vlBertCase, { kind: "given", decisions: [1, 0] }],
    [vlBertCase, { embeddings: "own", ...size }],
  ];
  for (const [model, policy] of kinds) {
    const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const made = adapted(model, policy).eval();
    move(made);
    exportAdapted(made as AdaptedModel, folder);
    const inputs = model.inputs(3);
    const [expected, actual] = [made, loadAdapted(folder)].map((one) => one.forward(inputs));
    t.deepEqual(actual.decisions!.toArray(), expected.decisions!.toArray());
    t.deepEqual(actual.logits.toArray(), expected.logits.toArray(), policy.kind);
  }
});

test("a kind of policy that there is not is refused", (t) => {
  t.throws(() => adapted(vlBertCase, { kind: "oracle" } as never), {
    message: /transformer, lxmert, pooled, .*: not oracle/,
  });
});
