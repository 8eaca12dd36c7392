import type { RunningUsage } from "../adaptive";
import { type CollatedBatch, mapInputs } from "../data";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { captureRandomState } from "../torch/random";
import { placeOf } from "./device";
import type { TrainedModel } from "./model";
import type { Optimization } from "./optimization";
import type { Recorder, Recording } from "./recorder";
import {
  meanUsage,
  type PartOfStep,
  type StepMeans,
  type StepReport,
  stepMeans,
  stepReport,
} from "./step-means";

/** A part of a batch, and its share of it. */
export interface Part extends Pick<CollatedBatch, "inputs" | "answers"> {
  readonly share: number;
}

/** What a step works with. */
export interface StepParts {
  readonly model: TrainedModel;
  /** The model's and, where one learns, the policy's. */
  readonly optimizations: readonly Optimization[];
  readonly usage: RunningUsage | null;
  /** Adds the gradient of a part of the batch; tells what it gave. */
  readonly accumulate: (part: Part) => PartOfStep;
}

/**
 * A whole optimizer step that asks nothing of the host: forward, backward, clipping, update. What
 * changes from step to step lies on the device, so that the step can be recorded, once for each set of
 * shapes that batches have, and done again at the cost of one launch.
 *
 *     batch, numbers -> static tensors -> replay -> report -> one read
 *
 * Where something is not finite the device itself leaves weights, optimizers and usage as they were.
 */
export class DeviceStep {
  private readonly device: string;
  /** [2 + optimizations] float32: whether nothing is to change, the temperature, the learning rates. */
  private readonly numbers: Tensor;
  private readonly recorded = new Map<string, RecordedStep>();

  /** Without a recorder every step is done anew, with the same result. */
  constructor(
    private readonly of: StepParts,
    private readonly recorder: Recorder | null,
  ) {
    this.device = placeOf(of.model);
    this.numbers = torch.keep(torch.zeros([2 + of.optimizations.length], { device: this.device }));
  }

  /** Takes a step on a batch that lies on the device, and reads what it tells. */
  take(parts: readonly Part[]): StepMeans {
    if (!this.recorder) return this.takeAnew(parts);
    const { inputs, recording } = this.recordedFor(parts, this.recorder);
    this.setNumbers();
    for (const [n, tensor] of tensorsOf(parts).entries()) inputs[n].copy_(tensor);
    recording.replay();
    return stepMeans(recording.result);
  }

  /** Drops what was recorded: tensors that it works on are others now. */
  forget(): void {
    this.recorded.clear();
  }

  private takeAnew(parts: readonly Part[]): StepMeans {
    this.setNumbers();
    return stepMeans(this.work(parts));
  }

  private recordedFor(parts: readonly Part[], recorder: Recorder): RecordedStep {
    const shapes = tensorsOf(parts)
      .map(({ shape }) => shape.join("x"))
      .join();
    const known = this.recorded.get(shapes);
    if (known) return known;
    const given = parts.map((part) => mapTensors(part, (tensor) => torch.keep(tensor.clone())));
    // To record the step it has to be run: that may change nothing, nor may it use up random numbers.
    this.setNumbers({ isHeld: true });
    const recording = captureRandomState([this.device])(() =>
      recorder.record(() => this.work(given)),
    );
    torch.keep(recording.result.values);
    const made = { inputs: tensorsOf(given), recording };
    this.recorded.set(shapes, made);
    return made;
  }

  private setNumbers({ isHeld = false } = {}): void {
    const { model, optimizations } = this.of;
    const rates = optimizations.map(({ lr }) => lr);
    const values = [Number(isHeld), model.gate.temperature, ...rates];
    torch.scope(() => this.numbers.copy_(torch.tensor(values, { device: this.device })));
  }

  private work(parts: readonly Part[]): StepReport {
    const { model, optimizations, usage, accumulate } = this.of;
    const [held, temperature, ...rates] = this.numbers.unbind(0);
    model.gate.temperatureOnDevice = temperature;
    try {
      const told = parts.map((part) => torch.scope(() => accumulate(part)));
      const norms = optimizations.map((optimization) => optimization.clip());
      const report = stepReport(told, norms);
      const taken = report.values.isfinite().all().logicalAnd(held.eq(0));
      const foundInf = taken.logicalNot().to("float32");
      usage?.add(meanUsage(told)!.unsqueeze(0), taken);
      for (const [n, optimization] of optimizations.entries()) {
        optimization.stepOnDevice(rates[n], foundInf);
      }
      return report;
    } finally {
      model.gate.temperatureOnDevice = null;
    }
  }
}

/** A step that was recorded, and the tensors that it takes its batch from. */
interface RecordedStep {
  readonly inputs: readonly Tensor[];
  readonly recording: Recording<StepReport>;
}

function mapTensors(part: Part, map: (tensor: Tensor) => Tensor): Part {
  return { ...part, inputs: mapInputs(part.inputs, map), answers: map(part.answers) };
}

function tensorsOf(parts: readonly Part[]): Tensor[] {
  return parts.flatMap(({ inputs, answers }) => [...Object.values(inputs), answers]);
}
