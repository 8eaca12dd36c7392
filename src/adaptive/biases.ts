import type { Alternative } from "./alternative";
import { owned } from "./weights";

/**
 * A finetuned twin that trains its biases, all else being the pretrained weights themselves
 * (BitFit, Ben Zaken et al. 2022, arXiv 2106.10199). Building throws for a site without biases.
 */
export const biases: Alternative = {
  name: "tuned",
  keepsNames: false,
  content: { kind: "biases" },
  build(site) {
    let found = false;
    const twin = site.clone((weight, name) => {
      if (!isBias(name)) return weight;
      found = true;
      return owned(weight);
    });
    if (found) return twin;
    throw new Error(`${site.constructor.name} has no bias that could train`);
  },
};

function isBias(name: string): boolean {
  return name === "bias" || name.endsWith(".bias");
}
