import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure } from "./failure";

/** The package's own recipes, beside src/ in a checkout and dist/ when installed. */
export const RECIPES = join(__dirname, "..", "..", "recipes");

/** The names of the package's own recipes. */
export function shippedRecipes(): string[] {
  return readdirSync(RECIPES)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => basename(file, ".yaml"))
    .sort();
}

/** The file of a recipe: a path, or the name of one of the package's own. */
export function findRecipe(pathOrName: string): string {
  if (existsSync(pathOrName)) return pathOrName;
  if (shippedRecipes().includes(pathOrName)) return join(RECIPES, `${pathOrName}.yaml`);
  throw new Failure("there is no such recipe", {
    where: pathOrName,
    next: `name a YAML file, or one of adaptune's own: ${shippedRecipes().join(", ")}`,
  });
}
