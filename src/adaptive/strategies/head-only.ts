import { combine, type PartOptions, type Strategy } from "../strategy";

/** The answer head trains on a frozen network. */
export function headOnly(parts: PartOptions = {}): Strategy {
  return combine("head-only", null, [], parts);
}
