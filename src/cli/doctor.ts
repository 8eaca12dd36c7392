import type { Command } from "commander";

// Set-up is plain JavaScript that runs before anything is compiled, so it is not part of this build.
const { doctor } = require("../../setup/doctor") as {
  doctor(options: { json?: boolean }): Promise<void>;
};

export function register(program: Command): void {
  program
    .command("doctor")
    .description("tell versions, devices, and what is wrong with a remedy")
    .option("--json", "as JSON")
    .action((options: { json?: boolean }) => doctor(options));
}
