import type { Output } from "../report/terminal";

/** Errors that say all a user needs: those of another kind are bugs, and show where they happened. */
const FOR_USERS = new Set([
  "Failure",
  "RecipeError",
  "MissingPackagesError",
  "MissingAddonError",
  "TorchError",
]);

/** Prints what happened, where, and what to do next. */
export function printError(error: unknown, output: Output): void {
  if (!(error instanceof Error)) {
    output.write(`error: ${error}\n`);
    return;
  }
  const { where, next } = error as { where?: string; next?: string };
  const known = FOR_USERS.has(error.name) || "syscall" in error;
  output.write(`error: ${known ? error.message : (error.stack ?? error.message)}\n`);
  if (where) output.write(`  where: ${where}\n`);
  if (next) output.write(`  next: ${next}\n`);
}
