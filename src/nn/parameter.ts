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

/**
 * A tensor of a module's state that nothing learns, such as a running mean. One that is not
 * persistent moves with the module but is left out of its state dict.
 */
export class Buffer extends Tensor {
  readonly persistent: boolean;

  /** By default as persistent as the buffer it is made of. */
  constructor(data: Tensor, persistent = data instanceof Buffer ? data.persistent : true) {
    super(data.detach());
    keep(this);
    this.persistent = persistent;
  }

  get role(): "buffer" {
    return "buffer";
  }
}
