// Our side of the benchmark: answers requests, one JSON object a line.
import fs from "node:fs";
import readline from "node:readline";
import { type AdaptedModel, adapt, type Inputs } from "adaptune";
import { keepPacked, Module, Parameter } from "adaptune/nn";
import { AdamW } from "adaptune/optim";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import type { Spec, StepMemory } from "./contender";
import { makeEncoder, plainName, strategyUnderTest } from "./encoder";

/** Scores that are parameters: [B,N,K]. What a policy network costs is left out on all sides. */
class LogitsPolicy extends Module {
  constructor(readonly logits: Parameter) {
    super();
  }

  override forward(): Tensor {
    return this.logits;
  }
}

/** Runs training steps or evaluations of one case. */
class Ours {
  private readonly training: boolean;
  private readonly model: AdaptedModel;
  private readonly batch: Readonly<Record<string, Tensor>>;
  private readonly inputs: Inputs;
  private readonly optimizer: AdamW | null;
  private recorded: torch.cuda.Graph<void> | null = null;

  constructor(private readonly spec: Spec) {
    torch.setNumThreads(spec.threads);
    if (spec.products) multiplyBy(spec.products, spec.dtype);
    this.training = spec.phase === "train";
    this.batch = this.loadBatch();
    this.model = this.loadModel();
    this.inputs = Object.fromEntries(
      spec.streams.flatMap((stream) => [
        [stream, this.batch[`input.${stream}`]],
        [`${stream}Mask`, this.batch[`mask.${stream}`] ?? null],
      ]),
    );
    const { model, policy } = this.model.parameterGroups();
    if (spec.keepPacked && !this.training) keepPacked(this.model);
    this.optimizer = this.training ? new AdamW([...model, ...policy], { lr: spec.lr }) : null;
  }

  /** Writes outputs and, in training, the gradients of one step; tells the FLOPs of a forward. */
  check({ file }: { file: string }): { flops: number; picked: number } {
    return torch.scope(() => {
      const { results, flops } = this.training ? this.gradients() : { results: {}, flops: 0 };
      this.model.eval();
      const { decisions } = this.batch;
      const told = torch.noGrad(() => this.model.forward(this.inputs, { decisions }));
      this.model.train(this.training);
      const picked = sum(told.flops);
      for (const stream of this.spec.streams) {
        const present = this.batch[`mask.${stream}`];
        const output = (told as unknown as Record<string, Tensor>)[stream];
        results[`output.${stream}`] = present
          ? output.maskedFill(present.logicalNot().unsqueeze(-1), 0)
          : output;
      }
      torch.save(plain(results), file);
      this.zeroGrad();
      return { flops: this.training ? flops : picked, picked };
    });
  }

  /** Milliseconds of a step. */
  run({ steps }: { steps: number }): { ms: number } {
    this.synchronize();
    const start = process.hrtime.bigint();
    for (let step = 0; step < steps; step++) this.step();
    this.synchronize();
    return { ms: Number(process.hrtime.bigint() - start) / 1e6 / steps };
  }

  /** What a step needs above what is there before it; nulls where that is not known. */
  memory(): StepMemory {
    const unknown = { peak_mb: null, activations_mb: null };
    const isOnCpu = this.spec.device === "cpu";
    if (!isOnCpu && !torch.cuda.isBuilt()) return unknown;
    try {
      const { now, most } = isOnCpu ? memoryOfProcess() : memoryOfDevice();
      const before = now();
      let kept: number | null = null;
      this.step(() => {
        kept = now() - before;
      });
      return { peak_mb: most() - before, activations_mb: kept };
    } catch (error) {
      if ("syscall" in (error as Error)) return unknown;
      throw error;
    }
  }

  private step(afterForward = () => {}): void {
    if (this.spec.graph) {
      this.recorded ??= torch.cuda.graph(() => this.compute());
      this.recorded.replay();
    } else {
      this.compute(afterForward);
    }
  }

  private compute(afterForward = () => {}): void {
    torch.scope(() => {
      if (!this.training) {
        const { decisions } = this.batch;
        torch.inferenceMode(() => this.model.forward(this.inputs, { decisions }));
        return;
      }
      const { loss } = this.loss();
      afterForward();
      loss.backward();
    });
    this.optimizer?.step();
    this.zeroGrad();
  }

  private zeroGrad(): void {
    this.optimizer?.zeroGrad();
    for (const stream of this.spec.streams) this.inputs[stream]!.grad = null;
  }

  private loss(): { loss: Tensor; flops: number } {
    const { exponential } = this.batch;
    const told = this.model.forward(this.inputs, { exponential });
    const terms = this.spec.streams.map((stream) =>
      (told as unknown as Record<string, Tensor>)[stream].mul(this.batch[`loss.${stream}`]).sum(),
    );
    return { loss: terms.reduce((all, term) => all.add(term)), flops: sum(told.flops) };
  }

  private gradients(): { results: Record<string, Tensor>; flops: number } {
    const { loss, flops } = this.loss();
    loss.backward();
    const results: Record<string, Tensor> = {};
    for (const [name, parameter] of this.model.namedParameters()) {
      const known = name === "policy.logits" ? "logits" : `tuned.${plainName(name)}`;
      if (parameter.grad) results[known] = parameter.grad;
    }
    for (const stream of this.spec.streams) {
      const { grad } = this.inputs[stream]!;
      if (grad) results[`input.${stream}`] = grad;
    }
    return { results, flops };
  }

  private loadBatch(): Record<string, Tensor> {
    const { device, dtype } = this.spec;
    const batch: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(torch.load(this.spec.batch) as typeof batch)) {
      // A copy: what is loaded is the file's own memory.
      const placed = tensor.to({ device, copy: true });
      if (name.startsWith("mask.")) batch[name] = placed.to("bool");
      else if (!name.startsWith("input.")) batch[name] = placed;
      else batch[name] = placed.to(dtype).requiresGrad_(this.training);
    }
    return batch;
  }

  private loadModel(): AdaptedModel {
    const { strategy, size, device, dtype, graph } = this.spec;
    const state = torch.load(this.spec.weights) as Record<string, Tensor>;
    const encoder = makeEncoder(size);
    const of = (kind: string, name: string) => state[`${kind}.${name}`];
    encoder.loadStateDict(
      Object.fromEntries(
        Object.keys(encoder.stateDict()).map((name) => [name, of("frozen", name)]),
      ),
    );
    const { logits } = this.batch;
    const policy = logits && new LogitsPolicy(new Parameter(logits));
    const adapted = adapt(encoder, strategyUnderTest(strategy), {
      policy,
      execution: graph ? "static" : "routed",
    });
    torch.noGrad(() => {
      for (const [name, weight] of adapted.model.namedParameters()) {
        if (weight.requiresGrad) weight.copy_(of("tuned", plainName(name)));
      }
    });
    // Scores stay in single precision, as they are on the other side.
    adapted.model.to(dtype as never).to(device);
    if (!this.training) adapted.requiresGrad_(false);
    return adapted.train(this.training);
  }

  /** Reading a value waits for all that was asked for before it. */
  private synchronize(): void {
    if (this.spec.device === "cpu") return;
    torch.scope(() => torch.zeros([1], { device: this.spec.device }).item());
  }
}

/** Every product of a dtype by one way. */
function multiplyBy(way: string, dtype: string): void {
  const products = Object.keys(torch.matrixProducts.choices());
  const own = products.filter((product) => product.startsWith(`${dtype} `));
  torch.matrixProducts.choose(Object.fromEntries(own.map((product) => [product, way])));
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function plain(tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor.detach().contiguous().cpu()]),
  );
}

/** MB that are there now, and the most since the last call. */
function memoryOfProcess() {
  fs.writeFileSync("/proc/self/clear_refs", "5");
  return { now: () => resident("VmRSS"), most: () => resident("VmHWM") };
}

/** The same as PyTorch counts it for the peers. */
function memoryOfDevice() {
  torch.cuda.resetPeakMemoryStats();
  return {
    now: () => torch.cuda.memoryAllocated() / 1e6,
    most: () => torch.cuda.maxMemoryAllocated() / 1e6,
  };
}

/** MB of this process in /proc/self/status. */
function resident(field: string): number {
  const status = fs.readFileSync("/proc/self/status", "utf8");
  return (Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) * 1.024) / 1e3;
}

type Request =
  | { op: "load"; spec: Spec }
  | { op: "check"; file: string }
  | { op: "run"; steps: number }
  | { op: "memory" };

async function main(): Promise<void> {
  const tell = (answer: unknown) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  tell({ torch: torch.version.split("+")[0] });
  let side: Ours | null = null;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    if (request.op === "load") side = new Ours(request.spec);
    const loaded = side!;
    if (request.op === "load") tell({});
    else if (request.op === "check") tell(loaded.check(request));
    else if (request.op === "run") tell(loaded.run(request));
    else tell(loaded.memory());
  }
}

main();
