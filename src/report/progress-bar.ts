import { printable, printableName } from "../torch/printable";
import type { Progress, Watch } from "../train";
import { count, duration, rate } from "./format";
import type { Output } from "./terminal";

export interface ProgressBarOptions {
  /** Milliseconds; the default is the clock. */
  readonly now?: () => number;
}

/**
 * Shows how far a run is, how fast it goes and how long it still takes. On a terminal one line is
 * rewritten in place; elsewhere, as in a log, a line is printed every ten seconds. What took long
 * leaves a line when it is done.
 */
export class ProgressBar implements Watch {
  private readonly now: () => number;
  private phase: Phase | null = null;
  private shown = 0;

  constructor(
    private readonly output: Output,
    { now = Date.now }: ProgressBarOptions = {},
  ) {
    this.now = now;
  }

  progress(progress: Progress): void {
    const now = this.now();
    if (this.phase?.name !== printableName(progress.phase)) {
      this.finishPhase();
      this.phase = new Phase(progress, now);
      this.shown = this.output.isTTY ? 0 : now;
    }
    this.phase!.update(progress, now);
    if (progress.done === progress.total) this.finishPhase();
    else if (now - this.shown >= (this.output.isTTY ? REDRAW_MS : LOG_MS)) this.draw(now);
  }

  note(text: string): void {
    this.finishPhase();
    this.output.write(`  ${printable(text)}\n`);
  }

  /** Leaves the terminal as other text needs it. */
  end(): void {
    this.finishPhase();
  }

  private draw(now: number): void {
    this.shown = now;
    const { isTTY, columns = 80 } = this.output;
    const line = this.phase!.line(isTTY === true);
    this.output.write(isTTY ? `\r${shorten(line, columns - 1)}\x1b[K` : `${line}\n`);
  }

  private finishPhase(): void {
    const { phase } = this;
    if (!phase) return;
    this.phase = null;
    if (this.output.isTTY) this.output.write("\r\x1b[K");
    if (phase.seconds >= WORTH_A_LINE_S) this.output.write(`${phase.closingLine()}\n`);
  }
}

const REDRAW_MS = 100;
const LOG_MS = 10_000;
const WORTH_A_LINE_S = 3;

/** The rate is that of the last seconds: it follows what slows down or speeds up. */
const WINDOW_MS = 10_000;

const BAR = 24;

/** One thing that is being done, with the moments needed for its rate. */
class Phase {
  readonly name: string;
  private progress: Progress;
  private readonly started: number;
  private readonly moments: { time: number; done: number }[];

  constructor(progress: Progress, now: number) {
    this.name = printableName(progress.phase);
    this.progress = progress;
    this.started = now;
    this.moments = [{ time: now, done: progress.done }];
  }

  update(progress: Progress, now: number): void {
    this.progress = progress;
    this.moments.push({ time: now, done: progress.done });
    while (this.moments.length > 2 && this.moments[1].time <= now - WINDOW_MS) this.moments.shift();
  }

  get seconds(): number {
    return (this.moments[this.moments.length - 1].time - this.started) / 1000;
  }

  line(withBar: boolean): string {
    const { done, total, unit, detail } = this.progress;
    const perSecond = this.perSecond();
    const parts = [`${count(done)} of ${count(total)} ${unit}`];
    if (!withBar) parts.push(`${Math.floor((100 * done) / total)} %`);
    if (perSecond > 0) {
      parts.push(`${rate(perSecond)}/s`, `${duration((total - done) / perSecond)} left`);
    }
    if (detail) parts.push(detail);
    const figures = parts.join(", ");
    return withBar
      ? `  ${bar(done / total)} ${this.name}: ${figures}`
      : `  ${this.name}: ${figures}`;
  }

  closingLine(): string {
    const { done, unit, detail } = this.progress;
    const parts = [`${count(done)} ${unit} in ${duration(this.seconds)}`];
    if (detail) parts.push(detail);
    return `  ${this.name}: ${parts.join(", ")}`;
  }

  private perSecond(): number {
    const [first] = this.moments;
    const last = this.moments[this.moments.length - 1];
    const seconds = (last.time - first.time) / 1000;
    return seconds > 0 ? (last.done - first.done) / seconds : 0;
  }
}

function bar(share: number): string {
  const halves = Math.round(share * BAR * 2);
  const full = "━".repeat(Math.floor(halves / 2));
  const half = halves % 2 === 1 ? "╸" : "";
  return `${full}${half}${"┄".repeat(BAR - full.length - half.length)}`;
}

function shorten(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}
