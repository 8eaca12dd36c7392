import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** $XDG_CACHE_HOME/adaptune, or ~/.cache/adaptune; a relative $XDG_CACHE_HOME is ignored. */
export function cacheFolder({ XDG_CACHE_HOME: base } = process.env): string {
  return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "adaptune");
}
