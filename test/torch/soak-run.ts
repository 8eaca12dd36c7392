// One scenario in this process; a JSON line of what it did to the memory: soak-run.ts NAME OPERATIONS MINUTES
import { setImmediate } from "node:timers/promises";
import v8 from "node:v8";
import * as torch from "../../src/torch";
import { collectGarbage } from "../../src/torch/memory";
import { native } from "../../src/torch/native";
import { leaks, mixed, type Step, scenarios } from "./soak-scenarios";

export interface SoakReport {
  /** Tensors made. */
  readonly operations: number;
  readonly seconds: number;
  /**
   * Resident memory without V8's young generation, in MB of 10^6 bytes, after a collection: at the start,
   * at each quarter, at the end.
   */
  readonly resident: readonly number[];
  /** The most resident memory, all of it, that a step left: before the start, in each quarter. */
  readonly peaks: readonly number[];
  /** Tensors that are alive at the end and were not at the start. */
  readonly left: number;
}

/** Memory grows when it is more by this at the end than at the start and after the first quarter. */
const allowance = 24; // MB, twice what the C library keeps or gives back by chance
/** What is there between two collections depends on when V8 wants them. */
const peakAllowance = 40; // MB

/** What is wrong with a scenario's memory; nothing when it stays level. */
export function problemsOf({ resident, peaks, left, operations }: SoakReport): string[] {
  const grown = resident[4] - Math.max(resident[0], resident[1]);
  const peaked = peaks[4] - Math.max(peaks[0], peaks[1]);
  const after = `from the first quarter of ${operations.toLocaleString("en")} operations to the last`;
  return [
    left > 0 ? `${left} tensors are left` : "",
    grown > allowance ? `${grown.toFixed(1)} MB more are resident, ${after}` : "",
    peaked > peakAllowance ? `peaks rise by ${peaked.toFixed(1)} MB, ${after}` : "",
  ].filter(Boolean);
}

/** At least so many operations and so long; a tenth of it before the start, to warm up. */
async function soak(step: Step, operations: number, minutes: number): Promise<SoakReport> {
  const resident: number[] = [];
  const peaks: number[] = [];
  const run = async (share: number) => {
    const [from, until] = [native.serial(), performance.now() + minutes * 60_000 * share];
    let [elsewhere, peak] = [0, 0];
    const made = () => native.serial() - from + elsewhere;
    while (made() < operations * share || performance.now() < until) {
      elsewhere += Number((await step()) ?? 0);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    await settle();
    peaks.push(peak / 1e6);
    resident.push((process.memoryUsage.rss() - youngGeneration()) / 1e6);
    return made();
  };
  await run(0.1);
  const before = torch.memory().tensors;
  const from = performance.now();
  let made = 0;
  for (let quarter = 0; quarter < 4; quarter++) made += await run(0.25);
  const seconds = (performance.now() - from) / 1000;
  return { operations: made, seconds, resident, peaks, left: torch.memory().tensors - before };
}

/** V8 gives it 34 MB or takes them away as it likes, whatever there is. */
function youngGeneration(): number {
  const spaces = v8.getHeapSpaceStatistics();
  return spaces.find(({ space_name }) => space_name === "new_space")?.physical_space_size ?? 0;
}

/** Finalizers run in turns after the collection. */
async function settle(): Promise<void> {
  for (let n = 0; n < 5; n++) {
    collectGarbage();
    await setImmediate();
  }
}

if (require.main === module) {
  const [name, operations, minutes = "0"] = process.argv.slice(2);
  const make: (() => Step) | undefined = { ...scenarios, ...leaks, mixed }[name];
  if (!make) throw new Error(`there is no scenario "${name}"`);
  void soak(make(), Number(operations), Number(minutes)).then((report) =>
    console.log(JSON.stringify(report)),
  );
}
