import { Dropout, Linear, Sequential } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { BertPredictionHeadTransform } from "./bert-heads";
import type { Rename } from "./names";
import { VLBertConfig } from "./vl-bert-config";
import { textMaskOf, type VLBertInputs, VLBertModel } from "./vl-bert-model";
import { vlBertRenames } from "./vl-bert-names";

/** Answers start where pre-training reads masked words. */
const headRenames: readonly Rename[] = [
  [/^vlbert\.mlm_head\.predictions\.transform\./, "final_mlp.0."],
];

export interface VLBertOutputs extends Record<string, Tensor> {
  /** [B,S,D], S = T + O + 1: words, regions, the end */
  hidden: Tensor;
  /** [B,A] */
  logits: Tensor;
}

/**
 * VL-BERT that answers questions: scores for A answers, read at the [MASK] token.
 *
 *     vlbert -> hidden [B,S,D], at [MASK] [B,D] -> final_mlp -> logits [B,A]
 */
export class VLBertForQuestionAnswering extends VLBertModel {
  static override readonly architecture = "VLBertForQuestionAnswering";
  static override readonly renames = [...vlBertRenames, ...headRenames];

  readonly final_mlp: Sequential;

  constructor(config: VLBertConfig = new VLBertConfig()) {
    super(config);
    const { hidden_size, hidden_dropout_prob, num_answers } = config;
    this.final_mlp = new Sequential(
      new BertPredictionHeadTransform(config),
      new Dropout(hidden_dropout_prob),
      new Linear(hidden_size, num_answers),
    );
    this.initialise(this.final_mlp);
  }

  override forward(inputs: VLBertInputs): VLBertOutputs {
    const hidden = this.encode(this.embed(inputs));
    return { hidden, logits: this.answer(hidden, inputs) };
  }

  /** hidden [B,S,D] -> logits [B,A]; throws for rows that have no or several [MASK] tokens. */
  answer(hidden: Tensor, inputs: VLBertInputs): Tensor {
    const [batch, length, size] = hidden.shape;
    const starts = torch.arange(0, batch * length, length, { device: hidden.device }); // [B]
    const rows = starts.add(this.maskPositions(inputs));
    return this.final_mlp.forward(hidden.reshape([batch * length, size]).indexSelect(0, rows));
  }

  /**
   * Sets each answer's row of the classifier to the mean embedding of its word pieces, as VL-BERT
   * starts finetuning, and biases to zero. Throws for another number of answers and empty ones.
   */
  startFromAnswers(pieces: readonly (readonly number[])[]): void {
    const classifier = this.final_mlp.at(-1) as Linear;
    const { weight: words } = this.vlbert.word_embeddings;
    const problems = pieces.flatMap((ids, n) =>
      ids.length === 0 ? [`answer ${n} has no pieces`] : [],
    );
    if (pieces.length !== classifier.outFeatures) {
      problems.push(`${pieces.length} answers for ${classifier.outFeatures} rows`);
    }
    if (problems.length > 0) throw new Error(`answers do not fit the head: ${problems.join(", ")}`);
    torch.scope(() =>
      torch.noGrad(() => {
        for (const [n, ids] of pieces.entries()) {
          const index = torch.tensor([...ids], { dtype: "int64", device: words.device });
          classifier.weight.select(0, n).copy_(words.indexSelect(0, index).mean(0));
        }
        classifier.bias!.fill_(0);
      }),
    );
  }

  /** Where each row's [MASK] token is: [B] int64. */
  private maskPositions(inputs: VLBertInputs): Tensor {
    const { mask_token_id } = this.config;
    const asked = inputs.inputIds.eq(mask_token_id).logicalAnd(textMaskOf(inputs)); // [B,T]
    const counts = asked.sum(1).toArray() as unknown as ArrayLike<number | bigint>;
    const problems = Array.from(counts, (count, row) => ({ count: Number(count), row }))
      .filter(({ count }) => count !== 1)
      .map(({ count, row }) => `row ${row} has ${count}`);
    if (problems.length > 0) {
      throw new Error(
        `each text needs one [MASK] token (mask_token_id ${mask_token_id}): ${problems.join(", ")}`,
      );
    }
    return asked.to("uint8").argmax(1);
  }
}
