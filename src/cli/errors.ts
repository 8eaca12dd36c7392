import type { Output } from "../report/terminal";
import { printable } from "../torch/printable";

/** Errors that say all a user needs: those of another kind are bugs, and show where they happened. */
const FOR_USERS = new Set([
  "Failure",
  "RecipeError",
  "MissingPackagesError",
  "MissingAddonError",
  "TorchError",
]);

/** Prints what happened, where, and what to do next; names in it may hold anything. */
export function printError(error: unknown, output: Output): void {
  output.write(printable(described(error)));
}

function described(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${error}\n`;
  const { where, next } = error as { where?: string; next?: string };
  const known = FOR_USERS.has(error.name) || "syscall" in error;
  const lines = [`error: ${known ? error.message : (error.stack ?? error.message)}`];
  if (where) lines.push(`  where: ${where}`);
  if (next) lines.push(`  next: ${next}`);
  return `${lines.join("\n")}\n`;
}
