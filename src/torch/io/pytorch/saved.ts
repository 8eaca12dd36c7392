import type { Complex } from "../../dtype";
import type { Tensor } from "../../tensor";

/** What a PyTorch file holds, as JavaScript has it; `loadObject` says what becomes of what. */
export type Saved =
  | null
  | boolean
  | number
  | bigint
  | string
  | Tensor
  | Complex
  | Uint8Array
  | Saved[]
  | Set<Saved>
  | Map<Saved, Saved>
  | { [name: string]: Saved };

/** Containers inside of containers. */
export const maximalDepth = 1000;
