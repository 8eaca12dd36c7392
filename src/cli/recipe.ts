import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("recipe")
    .description("tell all keys of a recipe, with their defaults and meanings")
    .option("--schema", "as JSON Schema, for editors")
    .action(async ({ schema }: { schema?: boolean }) => {
      const { recipeHelp, recipeJsonSchema } = await import("../train/recipe-schema");
      console.log(schema ? JSON.stringify(recipeJsonSchema(), null, 2) : recipeHelp());
    });
}
