import type { Controls, Diagnostics } from "./controls";

/**
 * How a policy decides, in one line after BlockDrop's evaluation; throws for an alternative that
 * there is not:
 *
 *     tuned at 3.42 ± 0.91 of 12 sites, 213 unique policies for 1,000 inputs, 12.3 % of decisions
 *     differ from the majority's and hold 0.210 bits about the input, 1.20 ± 0.110 GFLOPs per input;
 *     accuracy 71.2 %, by majority mask 70.1 %, shuffled 66.0 %, random 65.8 %
 */
export function decisionLine(diagnostics: Diagnostics, alternative: string): string {
  const { usage, sites, inputs, uniquePolicies, flops, controls } = diagnostics;
  const { differFromMajority, mutualInformation } = diagnostics;
  const used = usage[alternative];
  if (!used) throw new Error(`no alternative is called "${alternative}": ${Object.keys(usage)}`);
  const of = (share: number) => (share * sites.length).toFixed(2);
  const count = (value: number) => value.toLocaleString("en-US");
  const parts = [
    `${alternative} at ${of(used.mean)} ± ${of(used.std)} of ${sites.length} sites`,
    `${count(uniquePolicies)} unique policies for ${count(inputs)} inputs`,
    `${percent(differFromMajority)} of decisions differ from the majority's and hold ` +
      `${mutualInformation.toFixed(3)} bits about the input`,
  ];
  if (flops) {
    const [prefix, unit] = flops.mean < 1e9 ? ["M", 1e6] : ["G", 1e9];
    const scaled = (value: number) => (value / unit).toPrecision(3);
    parts.push(`${scaled(flops.mean)} ± ${scaled(flops.std)} ${prefix}FLOPs per input`);
  }
  const line = parts.join(", ");
  return controls ? `${line}; ${controlsLine(controls)}` : line;
}

function controlsLine({ learned, majority, shuffled, random }: Controls): string {
  return (
    `accuracy ${percent(learned)}, by majority mask ${percent(majority)}, ` +
    `shuffled ${percent(shuffled)}, random ${percent(random)}`
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
