import fs from "node:fs";
import path from "node:path";
import * as torch from "adaptune/torch";
import {
  type Command,
  Contender,
  ours,
  type PeerKind,
  peerCommand,
  type Spec,
  type StepMemory,
  specOfPeer,
} from "./contender";
import { peerStrategies } from "./encoder";
import { gradientError, type Results } from "./gradient-error";
import type { Limits } from "./limits";
import { processorName } from "./processor";
import { benchCache } from "./python";
import { type BenchRow, isOff } from "./rows";
import { type SharedWeights, writeBatch, writeWeights } from "./shared-files";
import { interleave, median, repeat, spread } from "./statistics";
import { type Case, type EncoderSize, labelOf } from "./suites";

/** What is the same for all cases of a run. */
export interface Setting {
  readonly device: string;
  readonly threads: number;
  readonly keepPacked: boolean;
  /** As in a spec. */
  readonly products: string | null;
  readonly repetitions: number;
  readonly peers: readonly PeerKind[];
  /** Null where ours runs alone. */
  readonly python: string | null;
  readonly limits: Limits;
  /** For files that both sides load. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** Small enough that no step closes the margin of a decision. */
const learningRate = 1e-5;

/** A round takes about this long: a single step of a small batch is too short to time. */
const roundMs = 100;

/** Runs cases; the weights of one size are written once for those that follow each other. */
export class Bench {
  private written: { key: string; weights: SharedWeights } | null = null;

  constructor(private readonly setting: Setting) {}

  /** The rows of a case: one a peer, or one of ours alone. */
  async measure(measured: Case): Promise<BenchRow[]> {
    const spec = this.specOf(measured);
    const error = await this.reference(spec);
    const contenders: Contender[] = [];
    try {
      const us = this.start("ours", ours, contenders);
      await us.answer();
      await us.ask("load", { spec });
      const { flops, picked } = await us.ask<Work>("check", { file: this.file("ours") });
      const gradient = error(this.file("ours"));
      if (gradient) this.setting.say(`  ours: largest error ${exponent(gradient)}`);
      const peers = await this.startPeers(spec, measured, contenders, error);
      const { ms } = await us.ask<Time>("run", { steps: 2 });
      const steps = Math.max(1, Math.min(20, Math.ceil(roundMs / ms)));
      const run = async (contender: Contender) => (await contender.ask<Time>("run", { steps })).ms;
      const alone = peers.length === 0 ? await repeat(us, this.setting, run) : [];
      const pairs = await interleave(
        us,
        peers.map(({ contender }) => contender),
        this.setting,
        run,
      );
      for (const contender of contenders) contender.end();
      const oursMemory = await this.memory("ours", ours, spec);
      const work = executed(measured, flops, picked);
      const common = { measured, gradient: gradient?.error ?? null, oursMemory, work };
      if (peers.length === 0) return [this.row({ ...common, times: { ours: alone, peer: null } })];
      const rows: BenchRow[] = [];
      for (const [number, { kind, peerError }] of peers.entries()) {
        const command = peerCommand(this.setting.python!);
        const peerMemory = await this.memory(kind, command, specOfPeer(spec, kind));
        const times = pairs[number];
        rows.push(this.row({ ...common, times, kind, peerError, peerMemory }));
      }
      return rows;
    } finally {
      for (const contender of contenders) contender.end();
    }
  }

  private row({ measured, times, work, ...values }: Measured): BenchRow {
    const { workload, strategy, dtype, phase, f, graph = false } = measured;
    const oursMs = median(times.ours);
    const peerMs = times.peer && median(times.peer);
    const { flops } = this.setting.limits.products[dtype];
    return {
      processor: processorName(),
      threads: this.setting.threads,
      products: this.setting.products ?? "chosen",
      workload: workload.name,
      strategy,
      dtype,
      batch: workload.batch,
      tokens: workload.tokens.reduce((all, tokens) => all + tokens),
      f,
      phase,
      graph,
      peer: values.kind ?? null,
      ours_ms: oursMs,
      peer_ms: peerMs,
      ratio: peerMs && peerMs / oursMs,
      ours_spread: spread(times.ours),
      peer_spread: times.peer && spread(times.peer),
      peak_mb_ours: values.oursMemory.peak_mb,
      peak_mb_peer: values.peerMemory?.peak_mb ?? null,
      activations_mb_ours: values.oursMemory.activations_mb,
      activations_mb_peer: values.peerMemory?.activations_mb ?? null,
      gradient_error: values.gradient,
      peer_error: values.peerError ?? null,
      share_of_limit: work / (oursMs / 1000) / flops,
      repetitions: times.ours.length,
      failed: isOff(values.gradient, dtype),
    };
  }

  private specOf(measured: Case): Spec {
    const { workload, strategy, dtype, phase, graph = false } = measured;
    const size: EncoderSize = { ...workload.size, blocks: workload.blocks[phase] };
    const key = JSON.stringify(size);
    if (this.written?.key !== key) {
      this.written = { key, weights: writeWeights(size, this.setting.folder) };
    }
    const { weights } = this.written;
    const sites = weights.sites(strategy);
    const { level, alternatives } = peerStrategies[strategy];
    const batch = path.join(this.setting.folder, "batch.safetensors");
    const usedIsFirst = (alternatives as readonly string[])[0] === "tuned";
    writeBatch(measured, weights, { sites: sites.length, usedIsFirst }, batch);
    return {
      kind: "ours",
      ...{ size, strategy, level, alternatives, sites, phase, dtype, batch },
      streams: weights.streams,
      values: dtype,
      device: this.setting.device,
      threads: this.setting.threads,
      keepPacked: this.setting.keepPacked,
      products: this.setting.products,
      lr: learningRate,
      graph,
      weights: weights.file,
    };
  }

  /** Computes the reference, if it can be; what comes back tells the error of a results file. */
  private async reference(spec: Spec): Promise<(file: string) => Off | null> {
    const { python, device } = this.setting;
    if (python === null) return () => null;
    this.setting.say("  the reference in float64");
    const own: Contender[] = [];
    try {
      const reference = this.start("reference", peerCommand(python), own);
      await reference.answer();
      const double = { ...spec, kind: "eager", dtype: "float64", device };
      await reference.ask("load", { spec: double });
      await reference.ask("check", { file: this.file("reference") });
    } finally {
      for (const contender of own) contender.end();
    }
    return (file) =>
      torch.scope(() =>
        gradientError(torch.load(file) as Results, torch.load(this.file("reference")) as Results),
      );
  }

  /** Those that load and run; a peer that does not is told and left out. */
  private async startPeers(
    spec: Spec,
    measured: Case,
    contenders: Contender[],
    error: (file: string) => Off | null,
  ) {
    const { python, peers, say } = this.setting;
    const started: { kind: PeerKind; contender: Contender; peerError: number }[] = [];
    for (const kind of python === null ? [] : peers.filter((kind) => isPeerOf(kind, measured))) {
      const began = Date.now();
      const compiles = kind === "compile" || kind === "freezing";
      const tick = setInterval(() => say(`  ${kind}: ${seconds(began)}`), 15_000);
      say(`  ${kind}: ${compiles ? "compiling, which can take minutes" : "checking"}`);
      try {
        const contender = this.start(kind, peerCommand(python!), contenders);
        await contender.answer();
        await contender.ask("load", { spec: specOfPeer(spec, kind) });
        await contender.ask("check", { file: this.file(kind) });
        // Compiled for both modes by now; the first steps also make the optimizer's state.
        await contender.ask("run", { steps: 2 });
        const off = error(this.file(kind))!;
        say(`  ${kind}: ready after ${seconds(began)}, largest error ${exponent(off)}`);
        started.push({ kind, contender, peerError: off.error });
      } catch (problem) {
        say(`  ${kind} is left out of ${labelOf(measured)}: ${(problem as Error).message}`);
      } finally {
        clearInterval(tick);
      }
    }
    return started;
  }

  /**
   * What a step needs. In a process of its own, where freed memory goes back at once: kept for
   * reuse, as is best for speed, it would hide what the next step needs.
   */
  private async memory(name: string, command: Command, spec: Spec): Promise<StepMemory> {
    const own: Contender[] = [];
    try {
      const contender = this.start(name, command, own, { MALLOC_MMAP_THRESHOLD_: "65536" });
      await contender.answer();
      await contender.ask("load", { spec });
      await contender.ask("run", { steps: 2 });
      return await contender.ask<StepMemory>("memory");
    } finally {
      for (const contender of own) contender.end();
    }
  }

  private start(
    name: string,
    command: Command,
    started: Contender[],
    environment: Readonly<Record<string, string>> = {},
  ): Contender {
    const contender = new Contender(name, command, {
      OMP_NUM_THREADS: String(this.setting.threads),
      TORCHINDUCTOR_CACHE_DIR: path.join(benchCache(), "inductor"),
      ...environment,
    });
    started.push(contender);
    return contender;
  }

  private file(name: string): string {
    fs.mkdirSync(this.setting.folder, { recursive: true });
    return path.join(this.setting.folder, `${name}.safetensors`);
  }
}

interface Work {
  /** Of a forward of the phase, what was compared included. */
  readonly flops: number;
  /** Of a forward of what was picked. */
  readonly picked: number;
}

interface Time {
  readonly ms: number;
}

interface Off {
  readonly error: number;
  readonly name: string;
}

interface Measured {
  readonly measured: Case;
  readonly times: { readonly ours: readonly number[]; readonly peer: readonly number[] | null };
  readonly work: number;
  readonly gradient: number | null;
  readonly oursMemory: StepMemory;
  readonly kind?: PeerKind;
  readonly peerError?: number;
  readonly peerMemory?: StepMemory;
}

/** Packed weights can not train, and without sites there is nothing to route. */
function isPeerOf(kind: PeerKind, { phase, strategy, dtype }: Case): boolean {
  if (kind === "eager-float32") return dtype === "bfloat16";
  if (kind === "freezing") return phase === "eval";
  return kind !== "routed" || strategy !== "standard";
}

/** FLOPs of a step: the forward, then the gradients of inputs and of weights that train. */
function executed({ strategy, phase, f }: Case, flops: number, picked: number): number {
  if (phase === "eval") return picked;
  const trained = strategy === "standard" || strategy === "BlockDrop" ? 1 : f!;
  return flops + picked * (1 + trained);
}

function exponent({ error, name }: Off): string {
  return `${error.toExponential(1)} (${name})`;
}

function seconds(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}
