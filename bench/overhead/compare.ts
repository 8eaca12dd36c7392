// What small operations cost here and in PyTorch for Python, on one core, in turns round by round:
//   npm run bench:overhead [-- rounds]
import os from "node:os";
import { join } from "node:path";
import * as torch from "../../src/torch";
import { Contender } from "../contender";
import { findPython } from "../python";
import { median, spread } from "../statistics";

type Times = Readonly<Record<string, number>>; // microseconds

async function compare(rounds: number): Promise<void> {
  const python = await findPython(torch.version.split("+")[0], console.error);
  if (!python) return;
  const typescript = ["-r", "ts-node/register/transpile-only", join(__dirname, "operations.ts")];
  const environment = { OMP_NUM_THREADS: "1" };
  const sides = [
    new Contender("TypeScript", { program: process.execPath, args: typescript }, environment),
    new Contender(
      "Python",
      { program: python, args: [join(__dirname, "operations.py")] },
      environment,
    ),
  ];
  try {
    for (const side of sides) await side.answer<string>(); // its version
    const taken = sides.map((): Times[] => []);
    for (let round = -30; round < rounds; round++) {
      for (const [n, side] of sides.entries()) {
        const times = await side.ask<Times>("round");
        if (round >= 0) taken[n].push(times); // those before warm up
      }
    }
    print(taken[0], taken[1]);
  } finally {
    for (const side of sides) side.end();
  }
}

/** Medians and spreads of each side; the ratio is the median of Python's time over ours, by round. */
function print(ours: readonly Times[], theirs: readonly Times[]): void {
  console.log(
    `${ours.length} rounds, medians in us; ${os.cpus()[0].model}, LibTorch ${torch.version}`,
  );
  const line = (name: string, ...cells: string[]) =>
    console.log(name.padEnd(26), ...cells.map((cell) => cell.padStart(12)));
  line("operation", "TypeScript", "spread", "Python", "spread", "ratio");
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  for (const name of Object.keys(ours[0])) {
    const [a, b] = [ours, theirs].map((rounds) => rounds.map((times) => times[name]));
    const ratio = median(a.map((time, round) => b[round] / time)).toFixed(2);
    const cells = [a, b].flatMap((times) => [median(times).toFixed(2), percent(spread(times))]);
    line(name, ...cells, ratio);
  }
}

void compare(Number(process.argv[2] ?? 200));
