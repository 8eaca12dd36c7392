import {
  branchPoint,
  Dropout,
  GELU,
  Identity,
  inOrderOf,
  isHooked,
  LayerNorm,
  Linear,
  type Module,
  ReLU,
  Tanh,
} from "../nn";
import * as torch from "../torch";
import { noGrad, ops, Tensor } from "../torch";
import type { Alternative } from "./alternative";
import { type CurrentGroups, GroupedLayerNorm, GroupedLinear } from "./grouped-layers";
import { everyRow, MaskedSite, mapTogether } from "./masked";
import { onRows } from "./routed-module";
import type { Routing } from "./routing";
import { SampleGroups } from "./sample-groups";
import type { Part } from "./site";

/**
 * A site of static shapes whose alternatives are copies of one module: it runs what was picked with
 * its graph, and what was not without.
 *
 *     x [B,..] --+-- samples by choice ------- twin, layers by group --> y of what was picked
 *                +-- by what was not picked -- twin, without a graph --> what it is compared with
 *
 * Who is in which group is known to the device alone. Alternatives of other kinds, and rows for
 * which the device has no products of groups, are computed as a `MaskedSite` does.
 */
export class GroupedSite extends MaskedSite {
  private readonly groups: CurrentGroups = { current: null };
  private readonly twin: Module | null;

  constructor(
    site: Module,
    position: number,
    alternatives: readonly Alternative[],
    routing: Routing,
    part: Part = "module",
    label = "",
  ) {
    super(site, position, alternatives, routing, part, label);
    // What a user's own module does beside its layers nobody knows.
    this.twin = part === "module" ? null : groupedTwin(this.modules, this.groups);
  }

  override forward(...args: unknown[]): unknown {
    const { gate, choice } = this.routing.onDevice(this.position); // [B,K], [B]
    const { twin } = this;
    if (!twin || !this.canGroup(args)) return super.forward(...args);
    const { length } = this.modules;
    const others = this.modules.slice(1).map((_, n) => choice.add(n + 1).remainder(length));
    const alike = branchPoint();
    const run = (choice: Tensor) => alike(() => this.runGrouped(twin, choice, args));
    const winner = run(choice);
    if (!gate.requiresGrad) return winner;
    const losers = noGrad(() => others.map(run));
    const weights = others.map((other) => gate.gather(1, other.unsqueeze(1))); // each [B,1], 0
    return mapTogether([winner, ...losers], ([own, ...lost]) => compare(own, lost, weights));
  }

  override train(mode = true): this {
    super.train(mode);
    this.twin?.train(this.modules.some(({ training }) => training));
    return this;
  }

  /** Runs the alternatives [B] that a choice says, each on its samples; gives batch order. */
  private runGrouped(twin: Module, choice: Tensor, args: readonly unknown[]): unknown {
    const everyone = everyRow(choice.shape[0]);
    const { result, bySample } = onRows(everyone, () => {
      const training = this.modules.filter((module) => module.training).length;
      const groups = noGrad(() => new SampleGroups(choice, this.modules.length, training));
      const { order, inverse, dropping } = groups;
      const inOrder = args.map((arg) => (isOfSamples(arg) ? permuted(arg, order, inverse) : arg));
      this.groups.current = groups;
      try {
        const sorted = inOrderOf(order, dropping, () => twin.forward(...inOrder));
        return mapTogether([sorted], ([y]) => permuted(y, inverse, order));
      } finally {
        this.groups.current = null;
      }
    });
    this.routing.spend(everyone, bySample);
    return result;
  }

  private canGroup(args: readonly unknown[]): boolean {
    const [{ device, dtype }] = args.filter((arg) => arg instanceof Tensor);
    // Hooks are called with what a module of its own sees.
    const isSeen = this.modules.some((module) =>
      module.namedModules().some(([, below]) => isHooked(below)),
    );
    return !isSeen && hasGroupedProducts(device, dtype, this.modules[0]);
  }
}

/** y, with the gradient of the gate's weights [B,1] of what was not picked: <dL/dy, lost - y>. */
function compare(y: Tensor, lost: readonly Tensor[], weights: readonly Tensor[]): Tensor {
  const own = y.detach();
  return lost.reduce((sum, other, n) => {
    const weight = weights[n].to(y.dtype).view([-1, ...Array<number>(y.ndim - 1).fill(1)]);
    return sum.add(weight.sub(weight.detach()).mul(other.sub(own)));
  }, y);
}

function permuted(x: Tensor, order: Tensor, inverse: Tensor): Tensor {
  return ops.adaptune.permuted_rows(x, order, inverse) as Tensor;
}

function isOfSamples(arg: unknown): arg is Tensor {
  return arg instanceof Tensor && arg.ndim > 0 && arg.shape[0] !== 1;
}

/**
 * A module like the given ones whose layers take the weights of each sample's group. Null where they
 * are not alike in all but weights, where a layer of another kind has weights or draws, and where one
 * that trains comes before one that does not.
 */
function groupedTwin(modules: readonly Module[], groups: CurrentGroups): Module | null {
  const trees = modules.map((module) => module.namedModules());
  const trains = modules.map((module) => module.parameters().some((p) => p.requiresGrad));
  if (!areLast(trains)) return null;
  const twin = modules[0].clone((weight) => weight);
  for (const [n, [path, first]] of trees[0].entries()) {
    const places = trees.map((tree) => (tree.length === trees[0].length ? tree[n] : null));
    if (places.some((place) => place?.[0] !== path)) return null;
    const layer = groupedLayer(
      places.map((place) => place![1]),
      groups,
    );
    if (layer === null) return null;
    if (layer !== first && path === "") return layer;
    if (layer !== first) twin.setModule(path, layer);
  }
  return twin;
}

/** What takes the place of layers that are alike: the first of them where that has no weights. */
function groupedLayer(modules: readonly Module[], groups: CurrentGroups): Module | null {
  const [first] = modules;
  if (modules.some((module) => module.constructor !== first.constructor)) return null;
  if (first.constructor === Linear) {
    const linears = modules as readonly Linear[];
    const trains = linears.map(({ weight }) => weight.requiresGrad);
    return haveSameShapes(linears) && areLast(trains) ? new GroupedLinear(linears, groups) : null;
  }
  if (first.constructor === LayerNorm) {
    const norms = modules as readonly LayerNorm[];
    const isPlain = norms[0].weight !== null && norms[0].normalizedShape.length === 1;
    return isPlain && haveSameShapes(norms) ? new GroupedLayerNorm(norms, groups) : null;
  }
  const children: readonly unknown[] = first.children();
  const isKnown = children.length > 0 || withoutWeights.includes(first.constructor);
  return isKnown && first.registered().every(([, entry]) => children.includes(entry))
    ? first
    : null;
}

/** Whether what is so comes after what is not. */
function areLast(flags: readonly boolean[]): boolean {
  return !flags.some((flag, k) => flag && flags[k + 1] === false);
}

function haveSameShapes(layers: readonly (Linear | LayerNorm)[]): boolean {
  const shapes = layers.map(({ weight, bias }) => [weight?.shape, bias?.shape].join(" "));
  return new Set(shapes).size === 1;
}

const withoutWeights: readonly unknown[] = [Dropout, GELU, Identity, ReLU, Tanh];

/** Whether rows of a module's layers can be multiplied by groups that only the device knows. */
function hasGroupedProducts(device: string, dtype: torch.DType, module: Module): boolean {
  if (device === "cpu") return true;
  // On other types and on older devices LibTorch asks where groups end.
  if (device.startsWith("cuda")) {
    const [major] = torch.cuda.getDeviceCapability(device);
    if (dtype !== "bfloat16" || major < 9) return false;
  }
  const bytes = dtype === "float32" ? 4 : 2;
  return (
    dtype !== "float64" &&
    module
      .namedModules()
      .flatMap(([, layer]) =>
        layer instanceof Linear ? [layer.inFeatures, layer.outFeatures] : [],
      )
      .every((width) => (width * bytes) % 16 === 0)
  );
}
