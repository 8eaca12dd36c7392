import { decisionLine } from "../adaptive";
import type { RunEvaluation } from "../train";
import { countedAlternative } from "../train/recipe-strategy";
import { count, kindName, percent, wrapped } from "./format";

/** What measuring a run again gave, and whether it is what the run wrote down. */
export function renderEvaluation({
  recipe,
  checkpoint,
  validation,
  recorded,
}: RunEvaluation): string {
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
    const same = recorded === accuracy;
    lines.push(
      same
        ? "  the same as the run recorded"
        : `  NOT the same as the run recorded, which is ${percent(recorded, 2)} %: other data, ` +
            "or another LibTorch, processor, device or execution",
    );
  }
  return lines.join("\n");
}
