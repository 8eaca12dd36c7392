import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";
import type { EncoderSize, Phase, Precision, StrategyUnderTest } from "./suites";

/**
 * What runs against ours. `freezing` is `torch.compile` with weights packed once, to evaluate;
 * `eager-float32` is eager in single precision, beside ours in bfloat16.
 */
export const peerKinds = ["eager", "compile", "freezing", "routed", "eager-float32"] as const;
export type PeerKind = (typeof peerKinds)[number];

/** All that a contender needs to know to run a case. */
export interface Spec {
  readonly kind: PeerKind | "ours";
  readonly size: EncoderSize;
  readonly strategy: StrategyUnderTest;
  readonly level: string | null;
  readonly alternatives: readonly string[];
  readonly sites: readonly string[];
  readonly streams: readonly string[];
  readonly phase: Phase;
  /** What the values of weights and inputs are rounded to. */
  readonly values: Precision;
  /** What is computed in. */
  readonly dtype: Precision | "float64";
  readonly device: string;
  /** Whether ours keeps the weights of linear layers packed; in evaluation alone. */
  readonly keepPacked: boolean;
  /** What multiplies ours' matrices: library, oneDNN or packed; null for what is chosen here. */
  readonly products: string | null;
  readonly threads: number;
  readonly lr: number;
  /** Whether ours computes in static shapes and replays recorded steps. */
  readonly graph: boolean;
  /** Files. */
  readonly weights: string;
  readonly batch: string;
}

/** MB (10^6 bytes) above what is there between steps; null where that is not known. */
export interface StepMemory {
  /** The most in a step. */
  readonly peak_mb: number | null;
  /** What a training step keeps from its forward for its backward. */
  readonly activations_mb: number | null;
}

/** A spec for a peer, which knows nothing of the precision of ours. */
export function specOfPeer(spec: Spec, kind: PeerKind): Spec {
  return kind === "eager-float32"
    ? { ...spec, kind: "eager", dtype: "float32" }
    : { ...spec, kind };
}

/** How to start a process that answers requests. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** Our own side, as a process of its own: its memory is then its own, as the peers' is. */
export const ours: Command = {
  program: process.execPath,
  args: ["-r", "ts-node/register/transpile-only", path.join(__dirname, "ours.ts")],
};

/** A peer in Python. */
export function peerCommand(python: string): Command {
  return { program: python, args: [path.join(__dirname, "peers", "server.py")] };
}

/**
 * A process that takes a request a line and answers with a line: `load`, `check`, `run`, `memory`.
 * One that ends before it has answered is an error with the last that it said.
 */
export class Contender {
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;
  private said = "";

  constructor(
    readonly name: string,
    { program, args }: Command,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.child = spawn(program, args, {
      cwd: path.join(__dirname, ".."),
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.said = (this.said + text).slice(-4000);
    });
    this.child.on("error", ({ message }) => {
      this.said += message;
    });
    this.child.stdin!.on("error", () => {}); // told by the missing answer
    this.answers = readline.createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next answer; what a contender says first, unasked, is its version of LibTorch. */
  async answer<T>(): Promise<T> {
    const { value, done } = await this.answers.next();
    if (!done) return JSON.parse(value) as T;
    await new Promise((resolve) => setTimeout(resolve, 100)); // for the last of standard error
    throw new Error(`${this.name} ended without an answer:\n${this.said.trim()}`);
  }

  async ask<T>(op: string, values: Readonly<Record<string, unknown>> = {}): Promise<T> {
    this.child.stdin!.write(`${JSON.stringify({ op, ...values })}\n`);
    return this.answer<T>();
  }

  /** Ends the process. */
  end(): void {
    this.child.stdin!.end();
    this.child.kill();
  }
}
