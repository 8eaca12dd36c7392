import { keepOrSkip } from "../alternative";
import { block } from "../site";
import { combine, type PartOptions, type Strategy } from "../strategy";

/** BlockDrop: every block, finetuned, runs or is left out (Wu et al. 2018, arXiv 1711.08393). */
export function blockDrop(parts: PartOptions = {}): Strategy {
  return combine("BlockDrop", block, keepOrSkip(), parts);
}
