import { allOnHost, Dropout, hasStaticShapes, Linear, Sequential } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { BertPredictionHeadTransform } from "./bert-heads";
import type { Positions } from "./block";
import { checkInputs, TEXT_ON_REGIONS } from "./inputs";
import type { Rename } from "./names";
import { VLBertConfig } from "./vl-bert-config";
import { textMaskOf, type VLBertInputs, VLBertModel } from "./vl-bert-model";
import { vlBertRenames } from "./vl-bert-names";

/** Answers start where pre-training reads masked words. */
const headRenames: readonly Rename[] = [
  [/^vlbert\.mlm_head\.predictions\.transform\./, "final_mlp.0."],
];

export interface VLBertOutputs extends Record<string, Tensor> {
  /** [B,A] */
  logits: Tensor;
}

/**
 * VL-BERT that answers questions: scores for A answers, read at the [MASK] token.
 *
 *     vlbert -> hidden [B,S,D], at [MASK] [B,D] -> final_mlp -> logits [B,A]
 *
 * Of the last block it computes nothing but that token.
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

  /**
   * Throws for rows that have no or several [MASK] tokens; where shapes are static, so that nothing is
   * read, the scores of such a row are no numbers.
   */
  override forward(inputs: VLBertInputs): VLBertOutputs {
    const [ids, present] = allOnHost([
      checkInputs(this, inputs, TEXT_ON_REGIONS).inputIds,
      textMaskOf(inputs),
    ]);
    const asked = ids.eq(this.config.mask_token_id).logicalAnd(present); // [B,T]
    if (!hasStaticShapes()) return this.answer(inputs, this.positionsOf(asked));
    const { logits } = this.answer(inputs, asked.to("int64").argmax(1));
    const isWrong = asked.sum([1], true).ne(1); // [B,1]
    return { logits: logits.maskedFill(isWrong, Number.NaN) };
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

  private answer(inputs: VLBertInputs, positions: Positions): VLBertOutputs {
    const read = this.vlbert.read(this.embed(inputs), positions); // [B,D]
    return { logits: this.final_mlp.forward(read) };
  }

  /** Where each row's [MASK] token is, of where there is one: [B,T] bool. */
  private positionsOf(asked: Tensor): number[] {
    const [batch, tokens] = asked.shape;
    const isAsked = asked.toTypedArray();
    const found = Array.from({ length: batch }, (_, row) =>
      Array.from({ length: tokens }, (_, token) => token).filter(
        (token) => isAsked[row * tokens + token],
      ),
    );
    const problems = found.flatMap(({ length }, row) =>
      length === 1 ? [] : [`row ${row} has ${length}`],
    );
    if (problems.length > 0) {
      throw new Error(
        `each text needs one [MASK] token (mask_token_id ${this.config.mask_token_id}): ${problems.join(", ")}`,
      );
    }
    return found.map(([position]) => position);
  }
}
