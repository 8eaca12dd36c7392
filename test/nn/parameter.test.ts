import test from "ava";
import { Buffer, Parameter } from "../../src/nn";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";

test("a parameter shares the storage of its data and is a leaf that learns", (t) => {
  const data = torch.zeros([2]);
  const parameter = new Parameter(data);
  data.fill_(3);
  t.deepEqual(parameter.toArray(), [3, 3]);
  t.true(parameter.requiresGrad && parameter.isLeaf);
  t.false(data.requiresGrad);
  t.true(parameter instanceof Tensor);
  t.false(new Parameter(data, false).requiresGrad);
});

test("data with a graph is cut from it", (t) => {
  const source = torch.ones([2], { requiresGrad: true });
  t.true(new Parameter(source.mul(2)).isLeaf);
});

test("no scope frees parameters and buffers", (t) => {
  const made: Tensor[] = [];
  torch.scope(() => {
    made.push(new Parameter(torch.ones([2])), new Buffer(torch.ones([2])));
  });
  for (const tensor of made) t.deepEqual(tensor.toArray(), [1, 1]);
});

test("a gradient arrives at a parameter", (t) => {
  const parameter = new Parameter(torch.ones([2]));
  torch.scope(() => parameter.mul(3).sum().backward());
  t.deepEqual(parameter.grad?.toArray(), [3, 3]);
});
