import { combine, type PartOptions, type Strategy } from "../strategy";

/** BitFit: all biases train (Ben Zaken et al. 2022, arXiv 2106.10199). */
export function bitFit({ also = [], head }: PartOptions = {}): Strategy {
  return combine("BitFit", null, [], { head, also: ["**.bias", ...also] });
}
