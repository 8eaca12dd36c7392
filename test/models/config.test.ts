import test from "ava";
import {
  Bert,
  BertConfig,
  BertForSequenceClassification,
  LxmertConfig,
  LxmertForPreTraining,
  LxmertForQuestionAnswering,
  lxmertPreTrainingLoss,
  ViT,
  ViTConfig,
  ViTForImageClassification,
  VLBertConfig,
  VLBertForPreTraining,
  VLBertForQuestionAnswering,
} from "../../src/models";
import * as torch from "../../src/torch";
import { lxmertCase, vlBertCase } from "../adaptive/cases";

const size = { hidden_size: 8, num_attention_heads: 2, intermediate_size: 12 };
const words = { ...size, vocab_size: 30, max_position_embeddings: 24 };
const regions = { visual_feat_dim: 8, l_layers: 1, r_layers: 1, x_layers: 1 };

/** Each configuration, and all that is made with it. */
const uses: Record<string, [config: { [key: string]: unknown }, use: (config: never) => unknown]> =
  {
    BertConfig: [
      { ...new BertConfig({ ...words, num_hidden_layers: 1 }) },
      (config) => [new Bert(config), new BertForSequenceClassification(config)],
    ],
    ViTConfig: [
      { ...new ViTConfig({ ...size, image_size: 4, patch_size: 2, num_hidden_layers: 1 }) },
      (config) => [new ViT(config), new ViTForImageClassification(config)],
    ],
    LxmertConfig: [
      { ...new LxmertConfig({ ...words, ...regions }) },
      (config) => {
        new LxmertForQuestionAnswering(config);
        const outputs = new LxmertForPreTraining(config).forward(lxmertCase.inputs(2) as never);
        return lxmertPreTrainingLoss(
          outputs,
          { match: torch.tensor([0, 1], { dtype: "int64" }) },
          config,
        );
      },
    ],
    VLBertConfig: [
      { ...new VLBertConfig({ ...words, visual_size: 8, num_hidden_layers: 1, mask_token_id: 4 }) },
      (config) => {
        new VLBertForPreTraining(config);
        return new VLBertForQuestionAnswering(config).forward(vlBertCase.inputs(2) as never);
      },
    ],
  };

/** Choices that a model has one of: another value is refused, so that none goes unread. */
const settled: Record<string, Record<string, unknown>> = {
  BertConfig: { hidden_act: "relu", position_embedding_type: "relative_key", is_decoder: true },
  ViTConfig: { hidden_act: "relu", pooler_act: "relu" },
  LxmertConfig: { hidden_act: "relu" },
  VLBertConfig: {},
};
const classes = { BertConfig, ViTConfig, LxmertConfig, VLBertConfig };

for (const [name, [config, use]] of Object.entries(uses)) {
  test(`every key of ${name} is read by a model`, (t) => {
    const read = new Set<string>();
    const watched = new Proxy(config, {
      get(target, key) {
        read.add(String(key));
        return Reflect.get(target, key);
      },
    });
    torch.scope(() => {
      use(watched as never);
    });
    const one = settled[name];
    t.deepEqual(
      Object.keys(config).filter((key) => !read.has(key) && !(key in one)),
      [],
    );
    const Config = classes[name as keyof typeof classes] as new (values: object) => unknown;
    for (const [key, value] of Object.entries(one)) {
      t.throws(() => new Config({ [key]: value }), { message: new RegExp(key) });
    }
  });
}
