import test from "ava";
import { init } from "../../src/nn";
import * as torch from "../../src/torch";
import { close, given } from "./support";

test("draws of a seed are PyTorch's", (t) => {
  const cases = {
    xavier_uniform: () => init.xavierUniform_(torch.empty([6, 10]), 2),
    kaiming_uniform: () => init.kaimingUniform_(torch.empty([6, 10, 3]), Math.sqrt(5)),
    trunc_normal: () => init.truncNormal_(torch.empty([6, 10]), 1, 2, -1, 2.5),
  };
  for (const [name, draw] of Object.entries(cases)) {
    torch.manualSeed(11);
    close(t, draw(), given(`init.${name}.x`), name, 1e-5);
  }
});

test("a truncation that leaves hardly anything is refused", (t) => {
  t.throws(() => init.truncNormal_(torch.empty([3]), 0, 1, 5, 6), { instanceOf: RangeError });
});

test("constants fill", (t) => {
  t.deepEqual(init.zeros_(torch.empty([2])).toArray(), [0, 0]);
  t.deepEqual(init.ones_(torch.empty([2])).toArray(), [1, 1]);
});

test("fans need two dimensions", (t) => {
  t.deepEqual(init.fans(torch.empty([6, 10, 3])), { fanIn: 30, fanOut: 18 });
  t.throws(() => init.fans(torch.empty([6])), { message: /two dimensions/ });
});

test("nothing is filled where that is skipped, and only there", (t) => {
  const tensor = torch.full([2, 3], 7);
  const fill = () => {
    init.normal_(tensor);
    init.uniform_(tensor);
    init.truncNormal_(tensor);
    init.zeros_(tensor);
    init.xavierUniform_(tensor);
    return tensor.toArray();
  };
  t.deepEqual(
    init.skip(() => init.skip(fill)),
    torch.full([2, 3], 7).toArray(),
  );
  t.throws(() =>
    init.skip(() => {
      throw new Error("stop");
    }),
  );
  t.is(init.ones_(tensor).sum().item(), 6);
});
