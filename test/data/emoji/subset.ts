import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";

/** A few concepts of several groups, in all three splits, so that rendering them is quick. */
export const SUBSET: readonly string[] = [
  "1F600", // grinning face, train
  "2764", // red heart, train
  "1F44B", // waving hand, train
  "1F468-200D-1F680", // man astronaut, train
  "1F469-200D-1F680", // woman astronaut, train
  "1F436", // dog face, train
  "1F431", // cat face, validation
  "1F34E", // red apple, train
  "1F697", // automobile, validation
  "26BD", // soccer ball, train
  "1F4D6", // open book, train
  "0031-FE0F-20E3", // keycap: 1, test
];

/** A cache folder of its own for a test, removed when it ends. */
export function cacheFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-emoji-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
