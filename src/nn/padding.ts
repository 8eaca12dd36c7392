import type { Tensor } from "../torch";
import * as torch from "../torch";
import { Module } from "./module";
import type { Size } from "./size";

/** Grows the trailing dimensions on both sides: by one number, or [left, right, top, bottom, ..]. */
abstract class Pad extends Module {
  readonly padding: readonly number[];

  /** Throws RangeError for another number of sizes than one or two a dimension. */
  constructor(
    dims: number,
    padding: Size,
    private readonly mode: "constant" | "reflect" | "replicate" | "circular",
    readonly value: number | null = null,
  ) {
    super();
    const given = typeof padding === "number" ? Array(2 * dims).fill(padding) : padding;
    if (given.length !== 2 * dims) {
      throw new RangeError(`padding takes one number or ${2 * dims} of them, given [${given}]`);
    }
    this.padding = given;
  }

  override forward(x: Tensor): Tensor {
    return torch.pad(x, this.padding, this.mode, this.value);
  }
}

/** x [..,L] with a value around. */
export class ConstantPad1d extends Pad {
  constructor(padding: Size, value: number) {
    super(1, padding, "constant", value);
  }
}

/** x [..,H,W] with a value around. */
export class ConstantPad2d extends Pad {
  constructor(padding: Size, value: number) {
    super(2, padding, "constant", value);
  }
}

/** x [..,Z,H,W] with a value around. */
export class ConstantPad3d extends Pad {
  constructor(padding: Size, value: number) {
    super(3, padding, "constant", value);
  }
}

/** x [..,L] with zeros around. */
export class ZeroPad1d extends Pad {
  constructor(padding: Size) {
    super(1, padding, "constant", 0);
  }
}

/** x [..,H,W] with zeros around. */
export class ZeroPad2d extends Pad {
  constructor(padding: Size) {
    super(2, padding, "constant", 0);
  }
}

/** x [..,Z,H,W] with zeros around. */
export class ZeroPad3d extends Pad {
  constructor(padding: Size) {
    super(3, padding, "constant", 0);
  }
}

/** x [B,n,L] with its mirror image around. */
export class ReflectionPad1d extends Pad {
  constructor(padding: Size) {
    super(1, padding, "reflect");
  }
}

/** x [B,n,H,W] with its mirror image around. */
export class ReflectionPad2d extends Pad {
  constructor(padding: Size) {
    super(2, padding, "reflect");
  }
}

/** x [B,n,L] with its border around. */
export class ReplicationPad1d extends Pad {
  constructor(padding: Size) {
    super(1, padding, "replicate");
  }
}

/** x [B,n,H,W] with its border around. */
export class ReplicationPad2d extends Pad {
  constructor(padding: Size) {
    super(2, padding, "replicate");
  }
}

/** x [B,n,L] with its other end around. */
export class CircularPad1d extends Pad {
  constructor(padding: Size) {
    super(1, padding, "circular");
  }
}

/** x [B,n,H,W] with its other side around. */
export class CircularPad2d extends Pad {
  constructor(padding: Size) {
    super(2, padding, "circular");
  }
}
