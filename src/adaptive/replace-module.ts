import type { Module } from "../nn";

/**
 * Puts another module at a path, and wherever else in the tree the same module is: what is used in
 * two places stays one.
 */
export function replaceModule(
  root: Module,
  path: string,
  replacement: (module: Module) => Module,
): void {
  const module = root.getModule(path);
  const parents = root.namedModules().map(([, parent]) => parent);
  const made = replacement(module);
  for (const parent of parents) {
    for (const [field, value] of Object.entries(parent)) {
      if (value === module) Object.assign(parent, { [field]: made });
    }
  }
}
