import test from "ava";
import { GELU, Linear, Module, Sequential } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

class Twice extends Module {
  override forward(x: Tensor): Tensor {
    return x.mul(2);
  }
}

const one = () => torch.ones([1]);

test("hooks see arguments and result, in the order they were added", (t) => {
  const module = new Twice();
  const seen: string[] = [];
  module.registerForwardPreHook((of, [x]) => {
    seen.push(`before ${(x as Tensor).item()} ${of === module}`);
  });
  module.registerForwardHook((_, [x], out) => {
    seen.push(`after ${(x as Tensor).item()} ${(out as Tensor).item()}`);
  });
  module.registerForwardHook(() => {
    seen.push("last");
  });
  t.is(module.forward(one()).item(), 2);
  t.deepEqual(seen, ["before 1 true", "after 1 2", "last"]);
});

test("what hooks give back takes the place of arguments and result", (t) => {
  const module = new Twice();
  module.registerForwardPreHook((_, [x]) => [(x as Tensor).add(1)]);
  module.registerForwardHook((_, __, out) => (out as Tensor).neg());
  t.is(module.forward(one()).item(), -4);
});

test("handles take hooks off, each its own", (t) => {
  const module = new Twice();
  const hook = (_: Module, __: unknown[], out: unknown) => (out as Tensor).add(1);
  const first = module.registerForwardHook(hook);
  const second = module.registerForwardHook(hook);
  t.is(module.forward(one()).item(), 4);
  first.remove();
  first.remove();
  t.is(module.forward(one()).item(), 3);
  second[Symbol.dispose]();
  t.is(module.forward(one()).item(), 2);
  t.false(Object.hasOwn(module, "forward"));
});

test("a module's own forward comes back with its last hook", (t) => {
  const module = new Twice();
  const own = (x: Tensor) => x.mul(3);
  module.forward = own;
  const handle = module.registerForwardHook((_, __, out) => (out as Tensor).add(1));
  t.is(module.forward(one()).item(), 4);
  handle.remove();
  t.is(module.forward, own);
});

test("hooks run where a parent calls the module, and are no part of copies or states", (t) => {
  const net = new Sequential(new Linear(1, 1), new Twice());
  let calls = 0;
  net[1].registerForwardHook(() => {
    calls += 1;
  });
  net.forward(one());
  t.is(calls, 1);
  const copy = net.clone();
  copy.forward(one());
  t.is(calls, 1);
  t.deepEqual(Object.keys(net.stateDict()), Object.keys(copy.stateDict()));
});

test("a hook may take itself off while it runs", (t) => {
  const module = new Twice();
  let calls = 0;
  const handle = module.registerForwardHook(() => {
    calls += 1;
    handle.remove();
  });
  module.forward(one());
  module.forward(one());
  t.is(calls, 1);
});

test("what goes around a forward for speed does not go around its hooks", (t) => {
  const [layer, gelu] = [new Linear(2, 2), new GELU()];
  const x = torch.randn([3, 2]);
  const expected = gelu.after(layer, x);
  const seen: string[] = [];
  const note = (module: Module) => {
    seen.push(module.constructor.name);
  };
  const handles = [layer.registerForwardHook(note), gelu.registerForwardHook(note)];
  t.true(gelu.after(layer, x).sub(expected).abs().max().item() < 1e-6);
  t.deepEqual(seen, ["Linear", "GELU"]);
  for (const handle of handles) handle.remove();
  const tanh = new GELU({ approximate: "tanh" });
  t.true(torch.equal(tanh.after(layer, x), tanh.forward(layer.forward(x))));
});
