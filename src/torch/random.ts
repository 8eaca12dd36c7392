import { wrap } from "./dispatch";
import type { Device } from "./dtype";
import { scope } from "./memory";
import { native } from "./native";
import type { Tensor } from "./tensor";

/**
 * A stream of random numbers of its own, for the `generator` option of random operators:
 * `torch.randn([2], { generator })`. After a seed it gives PyTorch's numbers for the same seed.
 *
 * Throws TypeError for what is no device, TorchError for one that is not there.
 */
export class Generator {
  constructor(device: Device = "cpu") {
    native.attachGenerator(this, device, false);
  }

  /** The device whose random operators take this generator. */
  get device(): Device {
    return native.generatorDevice(this);
  }

  /** Starts the stream of this seed, -2^63 to 2^64 - 1, and gives the generator back. */
  manualSeed(seed: number | bigint): this {
    native.generatorSeed(this, seed);
    return this;
  }

  /** Starts the stream of a seed that is different each time, and gives the seed. */
  seed(): number | bigint {
    return native.generatorSeed(this);
  }

  /** The seed that the stream started from; a bigint beyond 2^53. */
  initialSeed(): number | bigint {
    return native.generatorInitialSeed(this);
  }

  /** Where the stream is, as uint8. */
  getState(): Tensor {
    return wrap(native.generatorState(this));
  }

  /** Goes on from where `getState` of a generator of the same kind of device was. */
  setState(state: Tensor): this {
    native.setGeneratorState(this, state);
    return this;
  }

  /** Another generator at the same place of the same stream. */
  clone(): Generator {
    const copy: Generator = Object.create(Generator.prototype);
    native.attachGenerator(copy, this, false);
    return copy;
  }
}

/** The CPU's own generator, which is used where no other is given. */
export const defaultGenerator: Generator = Object.create(Generator.prototype);
native.attachGenerator(defaultGenerator, "cpu", true);

/**
 * Seeds the generators of all devices: the numbers that follow are PyTorch's for the same seed, -2^63 to
 * 2^64 - 1, of which negative ones are those of the same 64 bits.
 */
export function manualSeed(seed: number | bigint): void {
  native.manualSeed(seed);
}

/** Seeds the generators of all devices with a seed that is different each time, and gives it. */
export function seed(): number | bigint {
  const chosen = defaultGenerator.seed();
  native.manualSeed(chosen);
  return chosen;
}

/** The seed that the CPU's own generator started from. */
export function initialSeed(): number | bigint {
  return defaultGenerator.initialSeed();
}

/** The state of a device's own generator, as uint8. */
export function getRngState(device: Device = "cpu"): Tensor {
  return wrap(native.getRngState(device));
}

/** Puts a device's own generator back to a state that `getRngState` gave. */
export function setRngState(state: Tensor, device: Device = "cpu"): void {
  native.setRngState(state, device);
}

/**
 * @internal The state of the own generators of the CPU and of `devices`: a function that runs others from
 * there, and leaves the generators as it found them.
 */
export function captureRandomState(devices: readonly Device[]): <T>(fn: () => T) => T {
  const all = [...new Set<Device>(["cpu", ...devices])];
  const states = capture(all);
  return (fn) => {
    const before = capture(all);
    restore(states);
    try {
      return fn();
    } finally {
      restore(before);
    }
  };
}

type States = readonly (readonly [Device, Uint8Array])[];

function capture(devices: readonly Device[]): States {
  return scope(() =>
    devices.map((device) => [device, getRngState(device).toTypedArray() as Uint8Array] as const),
  );
}

function restore(states: States): void {
  scope(() => {
    for (const [device, state] of states) {
      const handle = native.fromTypedArray(state, [state.length], "uint8", "cpu", false);
      setRngState(wrap(handle), device);
    }
  });
}
