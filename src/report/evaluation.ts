import { decisionLine } from "../adaptive";
import { printable } from "../torch/printable";
import type { RunEvaluation } from "../train";
import { isAsRecorded } from "../train/evaluate-run";
import { countedAlternative } from "../train/recipe-strategy";
import { count, kindName, percent, wrapped } from "./format";

/** What measuring a run again gave, and whether it is what the run wrote down. */
export function renderEvaluation(evaluation: RunEvaluation): string {
  const { recipe, checkpoint, validation, recorded } = evaluation;
  const { accuracy, accuracyByKind, examples, decisions } = validation;
  const kinds = Object.entries(accuracyByKind).map(
    ([kind, share]) => `${kindName(kind)} ${percent(share)} %`,
  );
  const right = count(accuracy * examples);
  const lines = [
    `${recipe.name}, ${checkpoint} checkpoint: ${percent(accuracy, 2)} % of ` +
      `${recipe.data.domain}'s validation (${right} of ${count(examples)})`,
    `  ${kinds.join(", ")}`,
  ];
  if (decisions) {
    const line = decisionLine(decisions, countedAlternative(decisions.usage));
    lines.push(wrapped(`  ${line}`));
  }
  if (recorded !== null) {
    lines.push(
      isAsRecorded(evaluation)
        ? "  the same as the run recorded"
        : `  NOT the same as the run recorded, which is ${percent(recorded, 2)} %: other data, ` +
            "or another LibTorch, processor, device or execution",
    );
  }
  return printable(lines.join("\n"));
}
