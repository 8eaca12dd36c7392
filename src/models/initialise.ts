import { Conv2d, Embedding, init, LayerNorm, Linear, type Module } from "../nn";

/** Initialises all of a model as BERT: weights from N(0, std^2), biases 0, norms at the identity. */
export function initialiseLikeBert(model: Module, std: number): void {
  for (const [, module] of model.namedModules()) {
    const isProduct = module instanceof Linear || module instanceof Conv2d;
    if (isProduct || module instanceof Embedding) init.normal_(module.weight, 0, std);
    if (module instanceof Embedding) module.fillPaddingWithZero();
    if (module instanceof LayerNorm && module.weight) init.ones_(module.weight);
    if ((isProduct || module instanceof LayerNorm) && module.bias) {
      init.zeros_(module.bias);
    }
  }
}
