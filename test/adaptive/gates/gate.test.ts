import test from "ava";
import { Gate } from "../../../src/adaptive";
import * as torch from "../../../src/torch";
import { close } from "../support";

const LOGITS = [
  [0.3, -1.2, 0.8],
  [2, 0.1, -0.4],
];

for (const temperature of [0.5, 1, 5]) {
  test(`the whole Jacobian is the softmax's at temperature ${temperature}`, (t) => {
    const exponential = torch.tensor([0.7, 1.9, 0.2, 0.4, 2.2, 1.1], { shape: [2, 3] }).double();
    const gate = new Gate({ temperature });
    for (const sample of [true, false]) {
      for (let entry = 0; entry < 6; entry++) {
        const upstream = torch.zeros([6], { dtype: "float64" });
        upstream.select(0, entry).fill_(1);
        const straight = torch.tensor(LOGITS).double().requiresGrad_(true);
        gate.decide(straight, { sample, exponential }).gate.backward(upstream.view([2, 3]));

        const smooth = torch.tensor(LOGITS).double().requiresGrad_(true);
        const noisy = sample ? smooth.sub(exponential.log()) : smooth;
        noisy
          .div(temperature)
          .softmax(-1)
          .backward(upstream.view([2, 3]));
        close(t, straight.grad, smooth.grad, 1e-12, `row ${entry} of the Jacobian`);
      }
    }
  });
}

test("decisions are hard and the noise's best", (t) => {
  const logits = torch.tensor(LOGITS).double();
  const exponential = torch.tensor([9, 0.01, 9, 9, 9, 0.01], { shape: [2, 3] }).double();
  const { gate, choice } = new Gate().decide(logits, { sample: true, exponential });
  t.deepEqual(choice.to("int32").toArray(), [1, 2]);
  t.deepEqual(gate.toArray(), [
    [0, 1, 0],
    [0, 0, 1],
  ]);
  t.deepEqual(new Gate().decide(logits, { sample: false }).choice.to("int32").toArray(), [2, 0]);
});

test("alternatives are drawn as often as the softmax says, whatever the temperature", (t) => {
  torch.manualSeed(3);
  const logits = torch.tensor(LOGITS[0]).expand([20_000, 3]);
  const { gate } = new Gate({ temperature: 5 }).decide(logits, { sample: true });
  close(t, gate.mean([0]), torch.tensor(LOGITS[0]).softmax(-1), 0.015, "frequencies");
});

test("a schedule gives the temperature of the step", (t) => {
  const gate = new Gate({ temperature: (step) => 5 * 0.5 ** step });
  t.is(gate.temperature, 5);
  gate.step = 2;
  t.is(gate.temperature, 1.25);
  const zero = new Gate({ temperature: () => 0 });
  t.throws(() => zero.temperature, { message: /temperature at step 0 is 0/ });
});

for (const estimator of ["straight-through", "reinmax", "gumbel-rao"] as const) {
  test(`${estimator}: a temperature on the device is the number`, (t) => {
    const run = (onDevice: boolean) => {
      const gate = new Gate({ temperature: 2.5, estimator: { kind: estimator } });
      if (onDevice) gate.temperatureOnDevice = torch.tensor(2.5);
      torch.manualSeed(3);
      const logits = torch.tensor(LOGITS).requiresGrad_(true);
      const { gate: decided, choice } = gate.decide(logits, { sample: true });
      decided
        .mul(torch.arange(6).view([2, 3]))
        .sum()
        .backward();
      return { choice: choice.toTypedArray(), gradient: logits.grad! };
    };
    const [expected, actual] = [run(false), run(true)];
    t.deepEqual(actual.choice, expected.choice);
    close(t, actual.gradient, expected.gradient, 1e-6, "gradient");
  });
}
