import { noGrad, scope, Tensor } from "../torch";
import { printableName } from "../torch/printable";
import type { Module } from "./module";

interface Row {
  readonly module: string;
  readonly output: string;
  readonly parameters: string;
}

/**
 * A table of a module's tree: paths, kinds, numbers of parameters, and with a forward's arguments
 * the shapes of the outputs. A parameter counts in the first module that has it.
 */
export function summary(root: Module, inputs: readonly unknown[]): string {
  const shapes = inputs.length > 0 ? outputShapes(root, inputs) : null;
  const counted = new Set<Tensor>();
  const rows = root.namedModules().map(([path, module]): Row => {
    const own = module
      .registered()
      .flatMap(([, entry]) => (entry instanceof Tensor && entry.role === "parameter" ? entry : []))
      .filter((parameter) => !counted.has(parameter));
    for (const parameter of own) counted.add(parameter);
    const count = own.reduce((sum, parameter) => sum + parameter.numel(), 0);
    const depth = path === "" ? 0 : path.split(".").length;
    const name = path === "" ? "" : `${path.slice(path.lastIndexOf(".") + 1)}: `;
    return {
      module: printableName(`${"  ".repeat(depth)}${name}${module.constructor.name}`),
      output: shapes?.get(module) ?? "",
      parameters: count > 0 ? separated(count) : "",
    };
  });
  return [...table(rows, shapes !== null), "", ...totals(root)].join("\n");
}

/** Runs the module once and notes what each module below gave last. */
function outputShapes(root: Module, inputs: readonly unknown[]): Map<Module, string> {
  const shapes = new Map<Module, string>();
  const modules = root.namedModules().map(([, module]) => module);
  const modes = modules.map((module) => module.training);
  const handles = modules.map((module) =>
    module.registerForwardHook((_, __, output) => {
      shapes.set(module, shapeOf(output));
    }),
  );
  try {
    root.eval();
    scope(() => noGrad(() => void root.forward(...inputs)));
  } finally {
    for (const handle of handles) handle.remove();
    for (const [n, module] of modules.entries()) module.training = modes[n];
  }
  return shapes;
}

function shapeOf(output: unknown): string {
  if (output instanceof Tensor) return `[${output.shape.join(", ")}]`;
  if (Array.isArray(output)) return output.map(shapeOf).filter(Boolean).join(" ");
  if (typeof output !== "object" || output === null) return "";
  const named = Object.entries(output).map(([name, part]) => [name, shapeOf(part)]);
  return named.flatMap(([name, shape]) => (shape ? `${name} ${shape}` : [])).join(" ");
}

function table(rows: readonly Row[], hasShapes: boolean): string[] {
  const all: Row[] = [{ module: "module", output: "output", parameters: "parameters" }, ...rows];
  const width = (column: keyof Row) => Math.max(...all.map((row) => row[column].length));
  const [first, second, third] = [width("module"), width("output"), width("parameters")];
  const lines = all.map(({ module, output, parameters }) =>
    [
      module.padEnd(first),
      ...(hasShapes ? [output.padEnd(second)] : []),
      parameters.padStart(third),
    ]
      .join("  ")
      .trimEnd(),
  );
  return [
    lines[0],
    "─".repeat(first + third + 2 + (hasShapes ? second + 2 : 0)),
    ...lines.slice(1),
  ];
}

function totals(root: Module): string[] {
  const all = root.numParameters();
  const trainable = root.numParameters({ trainable: true });
  const buffers = root.buffers().reduce((sum, buffer) => sum + buffer.numel(), 0);
  const share = all > 0 ? ` (${((100 * trainable) / all).toFixed(2)} %)` : "";
  return [
    `parameters: ${separated(all)}, trainable: ${separated(trainable)}${share}`,
    ...(buffers > 0 ? [`buffers: ${separated(buffers)}`] : []),
  ];
}

function separated(count: number): string {
  return count.toLocaleString("en");
}
