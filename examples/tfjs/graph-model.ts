import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import { type GraphNode, readGraph } from "./format";
import { OPERATORS } from "./operators";

/** A TensorFlow.js graph model, run node by node by LibTorch. */
export class GraphModel {
  private readonly nodes: ReadonlyMap<string, GraphNode>;

  private constructor(
    nodes: readonly GraphNode[],
    private readonly weights: ReadonlyMap<string, Tensor>,
  ) {
    this.nodes = new Map(nodes.map((node) => [node.name, node]));
  }

  /** Reads a model.json with its shards. @throws Error naming all operators that are not known here. */
  static load(file: string): GraphModel {
    const { nodes, weights } = readGraph(file);
    const isKnown = ({ op }: GraphNode) =>
      op === "Const" || op === "Placeholder" || op in OPERATORS;
    const unknown = new Set(nodes.filter((node) => !isKnown(node)).map(({ op }) => op));
    if (unknown.size > 0)
      throw new Error(`${file} has unknown operators: ${[...unknown].join(", ")}`);
    return new GraphModel(nodes, weights);
  }

  /** How many numbers the weights are. */
  get parameters(): number {
    return [...this.weights.values()].reduce((sum, weight) => sum + weight.numel(), 0);
  }

  /** What nodes give for given placeholders; only what they need is computed. */
  run(inputs: Readonly<Record<string, Tensor>>, outputs: readonly string[]): Tensor[] {
    return torch.inferenceMode(() =>
      torch.scope(() => {
        const known = new Map<string, readonly Tensor[]>();
        for (const [name, tensor] of Object.entries(inputs)) known.set(name, [tensor]);
        return outputs.map((name) => this.valueOf(name, known));
      }),
    );
  }

  /** Depth first, with a stack of its own: graphs are deeper than calls may be. */
  private valueOf(name: string, known: Map<string, readonly Tensor[]>): Tensor {
    const [goal, output] = split(name);
    const waiting = [goal];
    for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
      const missing = known.has(next)
        ? []
        : this.inputsOf(next).filter(([input]) => !known.has(input));
      if (missing.length > 0) {
        waiting.push(...missing.map(([input]) => input));
        continue;
      }
      waiting.pop();
      if (!known.has(next)) known.set(next, this.compute(next, known));
    }
    return known.get(goal)![output];
  }

  private compute(name: string, known: ReadonlyMap<string, readonly Tensor[]>): readonly Tensor[] {
    const weight = this.weights.get(name);
    if (weight) return [weight];
    const node = this.nodes.get(name);
    if (!node) throw new Error(`the graph has no node ${name}`);
    const operator = OPERATORS[node.op];
    if (!operator) throw new Error(`${name} is a ${node.op} that was not given`);
    const inputs = this.inputsOf(name).map(([input, output]) => known.get(input)![output]);
    const out = operator(node, inputs);
    return out instanceof torch.Tensor ? [out] : out;
  }

  private inputsOf(name: string): [node: string, output: number][] {
    const inputs = this.nodes.get(name)?.input ?? [];
    return inputs.filter((input) => !input.startsWith("^")).map(split);
  }
}

/** "node:1" -> the node's second output. */
function split(name: string): [node: string, output: number] {
  const [node, output = "0"] = name.split(":");
  return [node, Number(output)];
}
