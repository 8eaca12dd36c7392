import { keepOrReplace } from "../alternative";
import { block } from "../site";
import { combine, type PartOptions, type Strategy } from "../strategy";

/** BlockReplace: every block, finetuned, runs or one linear layer does in its place. */
export function blockReplace(parts: PartOptions = {}): Strategy {
  return combine("BlockReplace", block, keepOrReplace(), parts);
}
