import type { Tensor } from "../torch";
import * as torch from "../torch";

/** The numbers of several tensors of one device in one tensor there. */
export interface Together<K extends string> {
  /** [n] float64 */
  readonly values: Tensor;
  /** Where each of them is: from, up to. */
  readonly places: readonly (readonly [name: K, from: number, to: number])[];
}

/** Puts the numbers of several tensors of one device together; nobody waits for them. */
export function putTogether<K extends string>(
  tensors: Readonly<Partial<Record<K, Tensor>>>,
): Together<K> {
  const named = Object.entries<Tensor | undefined>(tensors) as [K, Tensor][];
  let next = 0;
  const places = named.map(([name, tensor]): Together<K>["places"][number] => {
    const from = next;
    next += tensor.numel();
    return [name, from, next];
  });
  const flat = named.map(([, tensor]) => tensor.detach().to("float64").flatten());
  return { values: torch.cat(flat), places };
}

/** Reads them by one copy from the device: what waits for it waits once. */
export function readTogether<K extends string>({
  values,
  places,
}: Together<K>): Record<K, number[]> {
  const read = values.toTypedArray();
  const named = places.map(([name, from, to]) => [name, Array.from(read.slice(from, to), Number)]);
  return Object.fromEntries(named) as Record<K, number[]>;
}
