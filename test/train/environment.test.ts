import test from "ava";
import * as torch from "../../src/torch";
import { computeAsIn, describeEnvironment } from "../../src/train/environment";

test("what is computed later is computed as it was, where the machine is of its kind", (t) => {
  const product = "float32 forward large";
  const started = describeEnvironment();
  const other = started.matrixProducts[product] === "oneDNN" ? "library" : "oneDNN";
  const record = { ...started, threads: 1, matrixProducts: { [product]: other } };

  computeAsIn({ ...record, processor: "another" });
  t.is(torch.getNumThreads(), 1);
  t.deepEqual(torch.matrixProducts.choices(), started.matrixProducts);
  computeAsIn(record);
  t.is(describeEnvironment().matrixProducts[product], other);
  computeAsIn(started);
  t.deepEqual(describeEnvironment().matrixProducts, started.matrixProducts);
});
