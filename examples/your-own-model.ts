// Any module can be adapted: name its sites by a path pattern and say what they may be.
// Run with: npx ts-node -T examples/your-own-model.ts
import { adapt, alternative, GivenPolicy, type Strategy } from "adaptune";
import * as nn from "adaptune/nn";
import * as torch from "adaptune/torch";

torch.manualSeed(0);

/** x [B,8] -> x + tanh(linear(x)) [B,8] */
class Residual extends nn.Module {
  readonly linear = new nn.Linear(8, 8);

  override forward(x: torch.Tensor): torch.Tensor {
    return x.add(this.linear.forward(x).tanh());
  }
}

/** Takes named inputs and gives named outputs: that is all adaptune asks of a model. */
class Tower extends nn.Module {
  readonly layers = new nn.Sequential(new Residual(), new Residual(), new Residual());
  readonly head = new nn.Linear(8, 2);

  override forward({ x }: { x: torch.Tensor }) {
    return { logits: this.head.forward(this.layers.forward(x)) };
  }
}

// Where x what: every residual layer may stay frozen, be tuned, or be skipped.
const strategy: Strategy = {
  name: "mine",
  where: "layers.*",
  what: [alternative.frozen, alternative.tuned, alternative.skip],
  head: ["head"],
  also: [],
  except: [],
};

// A policy is any module from inputs to scores; this one always decides frozen, tuned, skip.
const model = adapt(new Tower().eval(), strategy, { policy: new GivenPolicy([0, 1, 2], 3) });
const { logits, decisions } = torch.noGrad(() => model.forward({ x: torch.randn([4, 8]) }));
console.log(logits);
console.log(decisions);
console.table(model.executed);
