import type { DecisionSummary } from "../../src/adaptive";
import type { Results } from "../../src/report/results";
import type { Evaluation, RunResult } from "../../src/train";

/** Usage of the tuned alternative by block, as shares. */
export function decisions(tuned: readonly number[]): DecisionSummary {
  const mean = tuned.reduce((sum, share) => sum + share, 0) / tuned.length;
  return {
    inputs: 900,
    sites: tuned.map((share, n) => ({
      site: `vlbert.encoder.layer.${n}`,
      usage: { frozen: 1 - share, tuned: share },
      spread: { frozen: 0.1, tuned: 0.1 },
      mutualInformation: 0.05,
    })),
    usage: { frozen: { mean: 1 - mean, std: 0.125 }, tuned: { mean, std: 0.125 } },
    uniquePolicies: 7,
    mutualInformation: 0.05,
    differFromMajority: 0.123,
  };
}

export function evaluation(accuracy: number, tuned?: readonly number[]): Evaluation {
  const byKind = tuned && {
    group: decisions(tuned.map((share) => share / 2)),
    yesno: decisions(tuned),
  };
  return {
    examples: 900,
    accuracy,
    accuracyByKind: { group: accuracy, yesno: accuracy },
    loss: 1,
    flops: { mean: 54_321_000, std: 0 },
    ...(tuned && { decisions: decisions(tuned), decisionsByKind: byKind }),
  };
}

export function result(
  strategy: RunResult["strategy"],
  accuracies: readonly [train: number, validation: number, source: number],
  tuned?: readonly number[],
): RunResult {
  const [train, validation, source] = accuracies.map((accuracy) => evaluation(accuracy, tuned));
  return {
    name: strategy,
    strategy,
    domain: "openmoji",
    sourceDomain: "noto",
    precision: "float32",
    steps: 300,
    bestStep: 200,
    train,
    validation,
    source,
    parameters: { trainable: 1_234_567, policy: tuned ? 1000 : 0, total: 2_000_000 },
    seconds: { training: 65.4, measuring: 3 },
    examples: { train: 6000, validation: 900 },
  };
}

export const sample: Results = {
  data: "EmojiVQA-Shift: 1,644 concepts",
  domain: "openmoji",
  sourceDomain: "noto",
  examples: { train: 6000, validation: 900 },
  majority: 0.35,
  before: {
    train: evaluation(0.4),
    validation: evaluation(0.39),
    source: evaluation(0.6),
  },
  results: [
    result("frozen", [0.5, 0.45, 0.55]),
    result("standard", [0.8, 0.52, 0.48]),
    result("SpotTune_Block", [0.7, 0.515, 0.53], [1, 0.75, 0.25, 0]),
  ],
};
