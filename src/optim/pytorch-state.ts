import { Tensor, tensor } from "../torch";
import type { GroupState, OptimizerState } from "./groups";

/** An optimizer's state dict as PyTorch nests it, and as `torch.loadObject` reads it from a file. */
export interface PyTorchState {
  /** By the number of the parameter, "0" or 0. */
  readonly state: Entries<Entries<unknown>>;
  /** snake_case hyper-parameters, and the numbers of the group's parameters under `params`. */
  readonly param_groups: readonly Entries<unknown>[];
}

type Entries<V> = Readonly<Record<string, V>> | ReadonlyMap<string | number, V>;

/**
 * A state as PyTorch's `optimizer.load_state_dict` takes it. Saved with `torch.save` into a .pt file, it
 * is read there by `torch.load`.
 */
export function toPyTorchState<N>({ tensors, groups }: OptimizerState<N>): PyTorchState {
  const state = new Map<number, Record<string, Tensor>>();
  for (const [name, value] of Object.entries(tensors)) {
    const [number, slot] = splitName(name);
    if (!state.has(number)) state.set(number, {});
    Object.assign(state.get(number)!, { [slot]: value });
  }
  let next = 0;
  const param_groups = groups.map(({ params, ...numbers }) => {
    const own = Array.from({ length: params }, () => next++);
    const renamed = Object.entries(numbers).map(([key, value]) => [snakeCase(key), value]);
    return { ...Object.fromEntries(renamed), params: own } as Record<string, unknown>;
  });
  return { state, param_groups };
}

/**
 * What PyTorch's `optimizer.state_dict()` says, as `loadStateDict` takes it: parameters are numbered in
 * their order over the groups, as there. What only PyTorch knows (`foreach`, `fused`, ...) is left out.
 *
 * @throws Error naming what is no tensor or number, and parameters that no group has.
 */
export function fromPyTorchState<N>({ state, param_groups }: PyTorchState): OptimizerState<N> {
  const order: string[] = [];
  const groups = param_groups.map((group, number): GroupState<N> => {
    const { params, ...rest } = Object.fromEntries(entriesOf(group));
    if (!Array.isArray(params)) throw new Error(`param_groups[${number}] has no list of params`);
    order.push(...params.map(String));
    const numbers = Object.entries(rest)
      .filter(([key, value]) => value !== null && !PYTORCH_ONLY.has(key))
      .map(([key, value]) => [camelCase(key), value]);
    return { ...Object.fromEntries(numbers), params: params.length } as GroupState<N>;
  });
  const tensors: Record<string, Tensor> = {};
  for (const [id, slots] of entriesOf(state)) {
    const number = order.indexOf(id);
    if (number < 0) throw new Error(`state[${id}] belongs to no parameter of param_groups`);
    for (const [slot, value] of entriesOf(slots)) {
      if (value === null) continue; // such as the momentum before the first step
      tensors[`${number}.${slot}`] = asTensor(value, `state[${id}].${slot}`);
    }
  }
  return { tensors, groups };
}

/** How PyTorch runs an update, not which. */
const PYTORCH_ONLY = new Set([
  "foreach",
  "fused",
  "capturable",
  "differentiable",
  "decoupled_weight_decay",
]);

function entriesOf<V>(entries: Entries<V>): [string, V][] {
  const pairs = entries instanceof Map ? [...entries] : Object.entries(entries as object);
  return pairs.map(([key, value]) => [String(key), value as V]);
}

/** Steps were plain numbers in older versions. */
function asTensor(value: unknown, where: string): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return tensor(value);
  throw new Error(`${where} is neither a tensor nor a number`);
}

function splitName(name: string): [number: number, slot: string] {
  const dot = name.indexOf(".");
  return [Number(name.slice(0, dot)), name.slice(dot + 1)];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
