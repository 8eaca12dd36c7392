import { execFileSync } from "node:child_process";
import test from "ava";

/** Sums of what the operators give and of their gradients, in a process that may use so much. */
function sums(capability: string): { bits: string; values: number[] } {
  const script = `
    const torch = require("./src/torch");
    const { dropout, dropout_add_layer_norm, bias_gelu, dropout_attention, select_linear, select_gelu } = torch.ops.adaptune;
    torch.manualSeed(1);
    const values = [];
    let bits = "";
    for (const dtype of ["float32", "float64", "bfloat16"]) {
      const x = torch.randn([3, 5, 77]).to(dtype).requiresGrad_();
      const w = torch.randn([77]).to(dtype).requiresGrad_();
      const q = torch.randn([2, 2, 3, 77]).to(dtype).requiresGrad_();
      const outs = [dropout(x, 0.3, 9, {}), bias_gelu(x, w), dropout_add_layer_norm(x, x, [w], [w], { p: 0.3, seed: 4 }),
        dropout_attention(q, q, q, null, 0.3, 8, {}),
        ...select_linear(x.flatten(0, 1), [x.select(0, 0), x.select(0, 1)], [w.narrow(0, 0, 5), w.narrow(0, 5, 5)], 1, [0, 1, 1], [6, 1, 8], 1),
        select_gelu(x.flatten(0, 1), [x.select(0, 0), x.select(0, 1)], [w.narrow(0, 0, 5), w.narrow(0, 5, 5)], x.select(1, 0).narrow(1, 0, 2), [0, 1, 1], [6, 1, 8], {})];
      bits += outs[0].ne(0).toArray().flat(3).map(Number).join("");
      const total = outs.map((out) => out.float().mul(out.detach().float().add(1)).sum());
      const gradients = torch.grad(total.reduce((a, b) => a.add(b)), [x, w, q]);
      for (const one of [...outs, ...gradients]) values.push(one.float().abs().mean().item());
    }
    console.log(JSON.stringify({ bits, values }));
  `;
  const output = execFileSync(
    process.execPath,
    ["-r", "ts-node/register/transpile-only", "-e", script],
    {
      encoding: "utf8",
      env: { ...process.env, ATEN_CPU_CAPABILITY: capability },
    },
  );
  return JSON.parse(output);
}

test("every instruction set gives the same, to rounding; what is dropped to the bit", (t) => {
  const baseline = sums("default");
  t.regex(baseline.bits, /^[01]+$/);
  t.true(baseline.values.every((value) => Number.isFinite(value) && value > 0));
  for (const capability of ["avx2", "avx512"]) {
    const found = sums(capability);
    t.is(found.bits, baseline.bits, capability);
    for (const [n, value] of found.values.entries()) {
      const off = Math.abs(value / baseline.values[n] - 1);
      t.true(off < (n < 18 ? 1e-5 : 1e-2), `${capability}, ${n}: ${value} is off by ${off}`);
    }
  }
});
