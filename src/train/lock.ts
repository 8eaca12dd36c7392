import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { Failure } from "./failure";
import { partialName } from "./files";

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  /** When the process started, in clock ticks after boot; null where there is no /proc. */
  readonly started: string | null;
  /** The boot's id; null where there is no /proc. */
  readonly boot: string | null;
  readonly host: string;
  readonly token: string;
}

/**
 * Takes a lock that survives SIGKILL: a file that names its holder, and that counts for nothing once the
 * holder is gone. A holder on another machine counts as alive, so that a folder on a network file system
 * is never taken from it; the file has to be removed by hand there when that machine fails.
 *
 * @returns what gives the lock back
 * @throws Failure where another process, or this one, holds it
 */
export function takeLock(file: string): () => void {
  const own = thisProcess();
  for (;;) {
    if (makeLock(file, own)) return () => removeLock(file, own.token);
    const holder = readHolder(file);
    if (holder === null) continue; // given back meanwhile
    if (isAlive(holder, own)) {
      throw new Failure(`process ${holder.pid} on ${holder.host} is at work on this`, {
        where: file,
        next: "wait for its end, or end it; remove this file only where it is sure to be gone",
      });
    }
    // One process alone may remove what a dead one left, and only while it is still that.
    const release = takeLock(`${file}.takeover`);
    try {
      removeLock(file, holder.token);
    } finally {
      release();
    }
  }
}

/** Does something while a lock is held. @throws Failure where another process holds it. */
export async function whileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const release = takeLock(file);
  try {
    return await work();
  } finally {
    release();
  }
}

function thisProcess(): Holder {
  return {
    pid: process.pid,
    started: startOf(process.pid),
    boot: readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? null,
    host: hostname(),
    token: randomBytes(8).toString("hex"),
  };
}

/** Links a whole file to the name, which fails where there is one. */
function makeLock(file: string, holder: Holder): boolean {
  const partial = partialName(file);
  writeFileSync(partial, `${JSON.stringify(holder)}\n`, { flag: "wx" });
  try {
    linkSync(partial, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(partial, { force: true });
  }
}

function removeLock(file: string, token: string): void {
  if (readHolder(file)?.token === token) rmSync(file, { force: true });
}

function readHolder(file: string): Holder | null {
  const text = readOrNull(file);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Holder;
  } catch (error) {
    throw new Failure("the lock is not readable", {
      where: file,
      next: "remove it where no process is at work here",
      cause: error,
    });
  }
}

function isAlive(holder: Holder, own: Holder): boolean {
  if (holder.host !== own.host) return true;
  if (holder.boot !== own.boot) return false;
  if (own.started !== null) return startOf(holder.pid) === holder.started;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of /proc/<pid>/stat; the second one, the command in brackets, may hold spaces; null once it ended. */
function startOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields && fields[0] !== "Z" ? fields[19] : null;
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
