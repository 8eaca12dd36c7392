import { callback, checkFunction, synchronous } from "./callbacks";
import { refuseAsync } from "./errors";
import { native } from "./native";
import { Tensor } from "./tensor";

/** What `pack` made, as the graph keeps it: tensors apart from the rest. */
type Rebuild = (tensors: (Tensor | null)[]) => unknown;

/**
 * Runs a synchronous function in which everything that operators save for their backward passes goes
 * through `pack`, and, when it is needed, through `unpack`: to keep it elsewhere, or to compute it
 * again.
 *
 * What `pack` returns is kept with the graph; of tensors, those that it returns, itself or as elements
 * of an array. Both functions are synchronous, run without recording gradients, and have what they
 * make freed as hooks do. `unpack` gives a tensor with the values of the one that was packed.
 */
export function savedTensorsHooks<Packed, T>(
  pack: (saved: Tensor) => Packed,
  unpack: (packed: Packed) => Tensor,
  fn: () => T,
): T {
  checkFunction("savedTensorsHooks: argument 'pack'", pack);
  checkFunction("savedTensorsHooks: argument 'unpack'", unpack);
  const packing = callback<undefined, Rebuild>(([saved]) => {
    const packed = pack(saved as Tensor);
    refuseAsync("savedTensorsHooks", packed);
    return split(packed);
  });
  const unpacking = callback<Rebuild>((given, rebuild) => {
    const saved = unpack(rebuild(given) as Packed);
    refuseAsync("savedTensorsHooks", saved);
    return { tensors: [saved] };
  });
  return native.withSavedTensorsHooks(
    packing as () => object,
    unpacking as (packed: object) => unknown,
    synchronous("savedTensorsHooks", fn),
  );
}

function split(packed: unknown): { tensors: Tensor[]; value: Rebuild } {
  if (packed instanceof Tensor) return { tensors: [packed], value: ([tensor]) => tensor };
  if (!Array.isArray(packed)) return { tensors: [], value: () => packed };
  const tensors = packed.filter((element) => element instanceof Tensor);
  const others = packed.map((element) => (element instanceof Tensor ? null : { element }));
  const value: Rebuild = (given) => {
    const left = given.values();
    return others.map((other) => (other === null ? left.next().value : other.element));
  };
  return { tensors, value };
}
