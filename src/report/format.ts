/** A share as a percentage without its sign: 0.4567 -> "45.7". */
export function percent(share: number, digits = 1): string {
  return (100 * share).toFixed(digits);
}

/** Whole numbers with separators: 1234567 -> "1,234,567". */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Three digits with a prefix: 54321000 -> "54.3 M". */
export function withPrefix(value: number): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 999.5 && step < prefixes.length - 1) {
    scaled /= 1000;
    step++;
  }
  const digits = Math.abs(scaled) >= 99.95 || step === 0 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${prefixes[step]}`.trimEnd();
}

/** A duration as a person says it: 0.4 s, 12 s, 3 min 05 s, 1 h 20 min. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** How fast something goes, with as many digits as tell something: 0.42, 9.1, 312. */
export function rate(perSecond: number): string {
  return perSecond.toFixed(perSecond >= 99.5 ? 0 : perSecond >= 0.95 ? 1 : 2);
}

/** Text in lines of at most so many characters, broken between words; all but the first indented. */
export function wrapped(text: string, width = 100, indent = "  "): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (longer.length <= width || lines.at(-1) === "") lines[lines.length - 1] = longer;
    else lines.push(`${indent}${word}`);
  }
  return lines.join("\n");
}

/** A name as people write it: the task's words for kinds of questions. */
export function kindName(kind: string): string {
  return kind === "yesno" ? "yes/no" : kind;
}
