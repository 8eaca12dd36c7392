import type { CudaDevice } from "./cuda";
import { deviceNumber, requireCuda } from "./cuda-native";
import type { Device } from "./dtype";
import { checkOptions, describe, refuseAsync } from "./errors";
import type { Tensor } from "./tensor";

/** Options of a `Stream`. */
export interface StreamOptions {
  readonly device?: CudaDevice;
  /** -1 goes before 0, the default. */
  readonly priority?: number;
}

/** Options of an `Event`. */
export interface EventOptions {
  /** Whether the time of the event can be asked for; events without are cheaper. */
  readonly enableTiming?: boolean;
}

/**
 * A queue of work for a device: what is in one is done in order, what is in several side by side.
 * Throws TorchError without CUDA.
 */
export class Stream {
  constructor(options: StreamOptions = {}) {
    checkOptions("torch.cuda.Stream", options, ["device", "priority"]);
    attach(this, "pool", options.device, options.priority);
  }

  /** The device whose queue it is. */
  get device(): Device {
    return `cuda:${requireCuda("Stream.device").streamDevice(this)}`;
  }

  /** Whether both are the same queue. */
  equals(other: Stream): boolean {
    return requireCuda("Stream.equals").streamIsSame(this, other);
  }

  /** Whether all that it was given is done. */
  query(): boolean {
    return requireCuda("Stream.query").streamQuery(this);
  }

  /** Waits until all that it was given is done. */
  synchronize(): void {
    requireCuda("Stream.synchronize").streamSynchronize(this);
  }

  /** What it is given from now on waits for an event. */
  waitEvent(event: Event): void {
    event.wait(this);
  }

  /** What it is given from now on waits for what another has by now. */
  waitStream(other: Stream): void {
    this.waitEvent(other.recordEvent());
  }

  /** An event that happens when what it has by now is done. */
  recordEvent(event: Event = new Event()): Event {
    event.record(this);
    return event;
  }

  /**
   * The memory of a tensor of another stream, which this one reads, goes to no other tensor before this
   * stream is done with what it has by now.
   */
  record(tensor: Tensor): void {
    requireCuda("Stream.record").recordStream(tensor, this);
  }
}

/** A point in a stream's work, to wait for or to measure from. Throws TorchError without CUDA. */
export class Event {
  constructor(options: EventOptions = {}) {
    checkOptions("torch.cuda.Event", options, ["enableTiming"]);
    requireCuda("torch.cuda.Event").attachEvent(this, options.enableTiming ?? false);
  }

  /** It happens when all that a stream, by default the current one, has by now is done. */
  record(stream?: Stream): void {
    requireCuda("Event.record").eventRecord(this, stream);
  }

  /** What a stream, by default the current one, is given from now on waits for it. */
  wait(stream?: Stream): void {
    requireCuda("Event.wait").eventWait(this, stream);
  }

  /** Whether it has happened. */
  query(): boolean {
    return requireCuda("Event.query").eventQuery(this);
  }

  /** Waits until it has happened. */
  synchronize(): void {
    requireCuda("Event.synchronize").eventSynchronize(this);
  }

  /** Milliseconds from this event to a later one; both were made with `enableTiming`, and have happened. */
  elapsedTime(end: Event): number {
    return requireCuda("Event.elapsedTime").eventElapsed(this, end);
  }
}

/** Runs a synchronous function whose work on CUDA goes to a stream, and on its device. */
export function stream<T>(stream: Stream, fn: () => T): T {
  if (typeof fn !== "function") {
    throw new TypeError(`torch.cuda.stream: expected a function, given ${describe(fn)}`);
  }
  const result = requireCuda("torch.cuda.stream").withStream(stream, fn);
  refuseAsync("torch.cuda.stream", result);
  return result;
}

/** The stream that work on a device goes to. Throws TorchError without CUDA. */
export function currentStream(device?: CudaDevice): Stream {
  return made("current", device);
}

/** The stream that work on a device goes to where no other was chosen. Throws TorchError without CUDA. */
export function defaultStream(device?: CudaDevice): Stream {
  return made("default", device);
}

function made(source: "default" | "current", device?: CudaDevice): Stream {
  const stream: Stream = Object.create(Stream.prototype);
  attach(stream, source, device);
  return stream;
}

function attach(
  stream: Stream,
  source: "pool" | "default" | "current",
  device?: CudaDevice,
  priority = 0,
): void {
  const number = deviceNumber("torch.cuda.Stream", device);
  requireCuda("torch.cuda.Stream").attachStream(stream, source, number, priority);
}
