import type { Tensor } from "../torch";
import * as torch from "../torch";
import type { WithGradient } from "./optimizer";

/** Options that all optimizers have. */
export interface MasterOptions {
  /**
   * Whether weights in half precision are updated in single: the optimizer keeps a single-precision
   * copy of each, in which small steps add up, and rounds it to the weight after every step. False by
   * default, as in PyTorch.
   */
  readonly masterWeights?: boolean;
}

/** What a step updates in the place of a weight. */
interface Master {
  readonly value: Tensor;
  /** The weight's version when the master was last rounded to it. */
  version: number;
}

/**
 * Single-precision masters of half-precision weights (Micikevicius et al. 2018, arXiv 1710.03740,
 * section 3.1): gradients are taken into single precision, moments are single because masters are.
 */
export class Masters {
  private readonly masters = new Map<Tensor, Master>();

  constructor(private readonly enabled: boolean) {}

  /** Whether a parameter has, or will have, a master. */
  isFor(parameter: Tensor): boolean {
    return this.enabled && isHalf(parameter);
  }

  /** A parameter's master; null where it has none yet. */
  of(parameter: Tensor): Tensor | null {
    return this.masters.get(parameter)?.value ?? null;
  }

  /** Starts a parameter's master at a value, by default at the parameter's. */
  start(parameter: Tensor, value: Tensor = parameter): Tensor {
    const { device } = parameter;
    const master = torch.keep(value.detach().to({ device, dtype: "float32", copy: true }));
    this.masters.set(parameter, { value: master, version: versionOf(parameter) });
    return master;
  }

  clear(): void {
    this.masters.clear();
  }

  /** Masters in the place of parameters, and their gradients in single precision. */
  widen(params: readonly WithGradient[]): WithGradient[] {
    const gradients = params.map(({ gradient }) => torch.emptyLike(gradient, { dtype: "float32" }));
    torch.ops.aten._foreach_copy_(
      gradients,
      params.map(({ gradient }) => gradient),
    );
    return params.map(({ parameter }, n) => ({
      parameter: this.upToDate(parameter),
      gradient: gradients[n],
    }));
  }

  /** Rounds masters to their parameters. */
  round(params: readonly WithGradient[]): void {
    const parameters = params.map(({ parameter }) => parameter);
    torch.ops.aten._foreach_copy_(
      parameters,
      parameters.map((parameter) => this.masters.get(parameter)!.value),
    );
    for (const parameter of parameters) {
      this.masters.get(parameter)!.version = versionOf(parameter);
    }
  }

  /** A weight that something else wrote to takes its master along, where it is another number now. */
  private upToDate(parameter: Tensor): Tensor {
    const master = this.masters.get(parameter);
    if (!master) return this.start(parameter);
    if (master.version !== versionOf(parameter)) {
      const { value } = master;
      const isSame = value.to(parameter.dtype).eq(parameter);
      value.copy_(torch.where(isSame, value, parameter.to("float32")));
    }
    return master.value;
  }
}

/** Whether a tensor's numbers are too short to add small updates to. */
export function isHalf({ dtype }: Tensor): boolean {
  return dtype === "bfloat16" || dtype === "float16";
}

/** How often a tensor was written to. */
function versionOf(parameter: Tensor): number {
  return torch.ops.aten._version(parameter) as number;
}
