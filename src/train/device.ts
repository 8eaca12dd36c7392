import type { Module } from "../nn";
import * as torch from "../torch";
import { Failure } from "./failure";
import type { Recipe } from "./recipe";
import { DEVICE_NAMES, DEVICES } from "./recipe-fields";

/**
 * The torch device that the name in a recipe or on the command line means here: "cpu", or "cuda:0".
 * @throws Failure where it is not there.
 */
export function deviceOf({ device }: Pick<Recipe, "device">): torch.Device {
  if (!DEVICES.test(device)) throw new Failure(`"${device}" is no device: ${DEVICE_NAMES}`);
  if (device === "cpu") return device;
  const count = torch.cuda.deviceCount();
  if (device === "auto") return count > 0 ? "cuda:0" : "cpu";
  const [, number = "0"] = device.split(":");
  if (Number(number) < count) return `cuda:${number}`;
  const found = count === 0 ? "no CUDA device" : `${count} CUDA device${count === 1 ? "" : "s"}`;
  throw new Failure(`there is no ${device}: LibTorch finds ${found} here`, {
    next: "`npx adaptune doctor` says what CUDA lacks; device=cpu and device=auto do without it",
  });
}

/** Whether a torch device that a run was made on is here too. */
export function isHere(device: torch.Device): boolean {
  const number = /^cuda:(\d+)$/.exec(device)?.[1];
  return device === "cpu" || (number !== undefined && Number(number) < torch.cuda.deviceCount());
}

/** Where a model's weights are. */
export function placeOf(model: Module): torch.Device {
  return model.parameters()[0].device;
}

/** A device in words: "the CPU (2 threads)", "cuda:0 (NVIDIA H100 80GB HBM3)". */
export function describeDevice(device: torch.Device): string {
  if (device === "cpu") {
    const threads = torch.getNumThreads();
    return `the CPU (${threads} thread${threads === 1 ? "" : "s"})`;
  }
  const name =
    device.startsWith("cuda") && torch.cuda.isBuilt() && torch.cuda.getDeviceName(device);
  return name ? `${device} (${name})` : device;
}
