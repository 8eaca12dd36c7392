import type { AdaptedModel, Inputs } from "../../src/adaptive";
import { Identity, Module } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/**
 * The naive way to adapt, as an independent reference: every alternative of every site runs on the
 * whole batch with its graph, and a straight-through gate of plain operators mixes the results.
 */
export class Masked {
  private readonly policy: Module;
  private readonly sites: MaskedSite[];

  /** Takes the pretrained model, which it changes, and the weights of an adapted one by name. */
  constructor(
    private readonly model: Module,
    adapted: AdaptedModel,
  ) {
    this.policy = adapted.policy!.clone();
    this.sites = adapted.sites.map(({ name, alternatives }) => {
      const site = new MaskedSite(model.getModule(name), alternatives);
      model.setModule(name, site);
      return site;
    });
    const state = adapted.stateDict();
    torch.noGrad(() => {
      for (const [name, weight] of this.weights()) weight.copy_(state[name]);
    });
  }

  /** The outputs and the gate [B,N,K] at a given noise E [B,N,K]. */
  forward(inputs: Inputs, exponential: Tensor, temperature: number): Record<string, Tensor> {
    const logits = this.policy.forward(inputs, this.model) as Tensor;
    const noisy = logits.sub(exponential.log());
    const soft = noisy.div(temperature).softmax(-1);
    const hard = torch.oneHot(noisy.argmax(-1), logits.shape[2]).to(soft.dtype);
    const gate = hard.add(soft.sub(soft.detach()));
    for (const [n, site] of this.sites.entries()) site.gate = gate.select(1, n);
    return { ...(this.model.forward(inputs) as Record<string, Tensor>), gate };
  }

  /** All weights by the names that they have in the adapted model. */
  weights(): [string, Tensor][] {
    const named = (module: Module) => Object.entries(module.stateDict());
    return [
      ...named(this.model).map(([name, w]): [string, Tensor] => [name.replace(".frozen.", "."), w]),
      ...named(this.policy).map(([name, w]): [string, Tensor] => [`policy.${name}`, w]),
    ];
  }
}

/** y [B,..] = sum over alternatives k of gate[:, k] y_k [B,..], all of them computed. */
class MaskedSite extends Module {
  /** [B,K], set before a forward. */
  gate: Tensor | null = null;
  private readonly order: readonly string[];

  constructor(pretrained: Module, alternatives: readonly string[]) {
    super();
    this.order = alternatives;
    for (const name of alternatives) {
      const module = name === "skip" ? new Identity() : pretrained.clone();
      Object.assign(this, { [name]: module });
    }
  }

  override forward(...args: unknown[]): Tensor {
    const gate = this.gate!;
    const outputs = this.order.map((name) => this.getModule(name).forward(...args) as Tensor);
    const weighted = outputs.map((y, k) =>
      y.mul(gate.select(1, k).view([-1, ...y.shape.slice(1).map(() => 1)])),
    );
    return weighted.reduce((sum, y) => sum.add(y));
  }
}
