import type { ModelClass } from "./model";
import { VLBertForQuestionAnswering } from "./vl-bert-for-question-answering";

/** The models that `Model.fromPretrained` knows. */
export const modelClasses: readonly ModelClass[] = [VLBertForQuestionAnswering];
