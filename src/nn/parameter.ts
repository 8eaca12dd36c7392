import { keep, Tensor } from "../torch";

/**
 * A tensor that a module learns. It shares the storage of `data`, is a leaf of the graph, and no
 * `torch.scope` frees it.
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(data.detach());
    keep(this);
    if (requiresGrad) this.requiresGrad_(true);
  }

  get role(): "parameter" {
    return "parameter";
  }
}

/** A tensor of a module's state that nothing learns, such as a running mean. */
export class Buffer extends Tensor {
  constructor(data: Tensor) {
    super(data.detach());
    keep(this);
  }

  get role(): "buffer" {
    return "buffer";
  }
}
