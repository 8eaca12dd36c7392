// Adaptive finetuning: a small VL-BERT whose blocks are frozen or tuned, for every input anew.
// Run with: npx ts-node -T examples/adapt-vl-bert.ts
import { adapt, spotTuneBlock, VLBertConfig, VLBertForQuestionAnswering } from "adaptune";
import { AdamW } from "adaptune/optim";
import * as torch from "adaptune/torch";

torch.manualSeed(0);

// Any size by its configuration; Model.fromPretrained(path) reads trained ones.
const pretrained = new VLBertForQuestionAnswering(
  new VLBertConfig({
    vocab_size: 50,
    hidden_size: 32,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    intermediate_size: 64,
    visual_size: 16,
    num_answers: 5,
    mask_token_id: 4,
  }),
);

// The pretrained model stays as it is; the adapted one has a tuned twin of every block, and a policy.
const model = adapt(pretrained, spotTuneBlock({ head: ["final_mlp"] }), {
  policy: { layers: 1, hiddenSize: 16, heads: 2 },
  gate: { temperature: 5 },
});
const groups = model.parameterGroups();
const optimizers = [
  new AdamW(groups.model, { lr: 1e-3 }),
  new AdamW(groups.policy, { lr: 1e-3 }), // a policy is trained at a pace of its own
];

// 16 questions of 6 words about images of 3 regions.
const words = torch.randint(5, 50, [16, 6], { dtype: "int64" });
words.select(1, 4).fill_(4); // [MASK], where the answer is read
const inputs = {
  inputIds: words,
  regionFeatures: torch.randn([16, 3, 16]),
  regionBoxes: torch.tensor([0, 0, 1, 1]).expand([16, 3, 4]),
};
const answers = torch.randint(0, 5, [16], { dtype: "int64" });

model.train();
for (let step = 0; step < 40; step++) {
  model.gate.step = step;
  const loss = torch.scope(() => {
    const { logits } = model.forward(inputs); // decisions are sampled
    const loss = torch.crossEntropyLoss(logits, answers);
    loss.backward();
    return Number(loss.item());
  });
  for (const optimizer of optimizers) {
    optimizer.step();
    optimizer.zeroGrad();
  }
  if (step % 10 === 9) console.log(`step ${step + 1}: loss ${loss.toFixed(3)}`);
}

model.eval();
const { decisions, flops } = torch.noGrad(() => model.forward(inputs)); // the most probable ones
console.log("0 is frozen, 1 is tuned, a row for each input:");
console.log(decisions);
console.log(`${flops[0]} FLOPs for the first input`);
