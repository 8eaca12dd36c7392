import type { Command } from "commander";

// Set-up is plain JavaScript that runs before anything is compiled, so it is not part of this build.
const { build } = require("../../setup/build") as {
  build(options: { force?: boolean }): Promise<void>;
};

export function register(program: Command): void {
  program
    .command("build")
    .description("find or fetch LibTorch and build the addon")
    .option("--force", "build again although nothing changed")
    .action((options: { force?: boolean }) => build(options));
}
