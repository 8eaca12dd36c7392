import fs from "node:fs";
import os from "node:os";
import * as torch from "adaptune/torch";

/**
 * What all figures hold for: the processor, which virtual machines often name by its brand alone and so by
 * family and model where the system tells them, and the instruction set that LibTorch takes of it.
 */
export function processorName(): string {
  const name = (os.cpus()[0]?.model ?? "unknown processor").trim();
  const kind = [field("cpu family", "family"), field("model", "model")].filter(Boolean);
  const details = [...kind, torch.buildInfo().cpuCapability].join(", ");
  return `${name} (${details})`;
}

/** "family 25" of Linux's list of processors; nothing elsewhere. */
function field(name: string, label: string): string {
  try {
    const value = new RegExp(`^${name}\\s*: (\\d+)$`, "m").exec(
      fs.readFileSync("/proc/cpuinfo", "utf8"),
    )?.[1];
    return value ? `${label} ${value}` : "";
  } catch {
    return "";
  }
}
