import test from "ava";
import * as torch from "../../src/torch";
import { native } from "../../src/torch/native";

/** A tensor outside of scopes that is watched as those on CUDA are. */
function watched(size: number): torch.Tensor {
  const tensor = torch.ones([size]);
  native.watchWeakly(tensor, true);
  return tensor;
}

test.serial("dead tensors are freed within a turn, those that something refers to are not", (t) => {
  const before = torch.memory().tensors;
  const held: torch.Tensor[] = [];
  // In a function of its own, so that no register of this one keeps the last of them.
  const make = () => {
    for (let n = 0; n < 500; n++) {
      const tensor = watched(100);
      if (n % 10 === 0) held.push(tensor);
    }
  };
  make();
  t.is(torch.memory().tensors - before, 500);
  const freed = native.collect();
  t.true(freed >= 440 && freed <= 450, `${freed} freed`);
  t.is(torch.memory().tensors - before, 500 - freed);
  t.true(held.every((tensor) => tensor.sum().item() === 100));
  t.is(native.collect(), 450 - freed);
});

test.serial("what was disposed or lies on another device is not freed once more", (t) => {
  native.collect();
  const before = torch.memory().tensors;
  const make = () => {
    for (let n = 0; n < 3000; n++) watched(1).dispose();
    native.watchWeakly(torch.ones([1])); // on the CPU: not watched
  };
  make();
  t.is(torch.memory().tensors - before, 1);
  t.is(native.collect(), 0);
});

test.serial("a view and the graph keep the memory of a tensor that is collected", (t) => {
  const view = (() => watched(8).narrow(0, 2, 3))();
  const loss = (() => {
    const x = torch.full([3], 2.5).requiresGrad_();
    native.watchWeakly(x, true);
    return { y: x.mul(x).sum(), x };
  })();
  native.collect();
  t.deepEqual(view.toArray(), [1, 1, 1]);
  loss.y.backward();
  t.deepEqual(loss.x.grad!.toArray(), [5, 5, 5]);
});
