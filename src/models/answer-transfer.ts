import type { Linear } from "../nn";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { printable } from "../torch/printable";
import { normaliseVqaAnswer } from "./answer-text";

/** A classifier and the answers of its rows, in their order. */
export interface AnswerHead {
  /** weight [A,n], bias [A] */
  readonly classifier: Linear;
  /** A texts */
  readonly answers: readonly string[];
}

export interface AnswerTransfer {
  /** How many answers got the row of a pretrained one. */
  readonly copied: number;
  /** The answers without one, whose rows stay as they are initialised. */
  readonly fresh: readonly string[];
  /** How many pretrained answers are no longer asked for. */
  readonly unused: number;
}

export interface TransferOptions {
  /** Told the counts; by default a line on stderr. */
  readonly report?: (transfer: AnswerTransfer) => void;
}

/**
 * Copies the rows of a pretrained answer head, weights and biases, to those of another vocabulary
 * with the same text by VQA's normalisation; orders need not agree. Of several pretrained answers
 * with one text an exact match comes first, then the first in order.
 *
 * @throws Error for heads of different widths and for lists of answers that do not fit their heads.
 */
export function transferAnswers(
  from: AnswerHead,
  to: AnswerHead,
  options: TransferOptions = {},
): AnswerTransfer {
  const { report = printed } = checkOptions("transferAnswers", options, ["report"]);
  check(from, to);
  const sources = to.answers.map(matcher(from.answers)); // the row in `from` of each answer, or -1
  const rows = [...sources.keys()].filter((row) => sources[row] >= 0);
  const transfer = {
    copied: rows.length,
    fresh: to.answers.filter((_, row) => sources[row] < 0),
    unused: from.answers.length - new Set(rows.map((row) => sources[row])).size,
  };
  if (rows.length > 0) copyRows(from.classifier, to.classifier, rows, sources);
  report(transfer);
  return transfer;
}

/** `2,913 of 3,129 answers start from pretrained rows, 216 anew; 6,587 pretrained rows unused` */
export function transferLine({ copied, fresh, unused }: AnswerTransfer): string {
  const number = (count: number) => count.toLocaleString("en-US");
  return (
    `${number(copied)} of ${number(copied + fresh.length)} answers start from pretrained rows, ` +
    `${number(fresh.length)} anew; ${number(unused)} pretrained rows unused`
  );
}

/** Finds the row of an answer: by its very text, then by its normalised text; -1 for none. */
function matcher(answers: readonly string[]): (answer: string) => number {
  const exact = new Map<string, number>();
  const normalised = new Map<string, number>();
  for (const [row, answer] of answers.entries()) {
    const text = normaliseVqaAnswer(answer);
    if (!exact.has(answer)) exact.set(answer, row);
    if (text !== "" && !normalised.has(text)) normalised.set(text, row);
  }
  return (answer) => exact.get(answer) ?? normalised.get(normaliseVqaAnswer(answer)) ?? -1;
}

function copyRows(from: Linear, to: Linear, rows: readonly number[], sources: readonly number[]) {
  torch.scope(() =>
    torch.noGrad(() => {
      const { device, dtype } = to.weight;
      const index = (list: readonly number[], place: string) =>
        torch.tensor([...list], { dtype: "int64", device: place });
      const targets = index(rows, device);
      const picked = index(
        rows.map((row) => sources[row]),
        from.weight.device,
      );
      const moved = (weight: torch.Tensor) => weight.indexSelect(0, picked).to(device).to(dtype);
      to.weight.indexCopy_(0, targets, moved(from.weight));
      if (to.bias && from.bias) to.bias.indexCopy_(0, targets, moved(from.bias));
    }),
  );
}

function check(from: AnswerHead, to: AnswerHead): void {
  const problems = Object.entries({ pretrained: from, new: to })
    .filter(([, { answers, classifier }]) => answers.length !== classifier.outFeatures)
    .map(
      ([name, { answers, classifier }]) =>
        `${answers.length} ${name} answers for ${classifier.outFeatures} rows`,
    );
  const [a, b] = [from.classifier.inFeatures, to.classifier.inFeatures];
  if (a !== b) problems.push(`rows of ${a} numbers cannot start rows of ${b}`);
  if (problems.length > 0) throw new Error(`answers cannot be transferred: ${problems.join("; ")}`);
}

function printed(transfer: AnswerTransfer): void {
  console.error(printable(transferLine(transfer)));
}
