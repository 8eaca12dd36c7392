import test from "ava";
import { wantedFlavour } from "../../setup/device";

test("ADAPTUNE_DEVICE rules over what the machine has", (t) => {
  const cpu = wantedFlavour({ ADAPTUNE_DEVICE: "cpu" }, () => true);
  t.deepEqual(cpu, { flavour: "cpu", required: true, reason: "ADAPTUNE_DEVICE=cpu" });
  t.like(
    wantedFlavour({ ADAPTUNE_DEVICE: "cuda" }, () => false),
    { flavour: "cuda" },
  );
});

test("else the driver decides", (t) => {
  t.like(
    wantedFlavour({}, () => false),
    { flavour: "cpu", required: false },
  );
  const flavour = process.platform === "linux" ? "cuda" : "cpu";
  t.like(
    wantedFlavour({}, () => true),
    { flavour, required: false },
  );
});
