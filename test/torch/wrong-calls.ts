import * as torch from "../../src/torch";
import { loose, looseMethods, type Untyped } from "./support";

/** A call that is wrong, and what the error has to say. */
export interface WrongCall {
  readonly name: string;
  readonly call: () => unknown;
  /** Texts and patterns that the message has to contain; null where only survival counts. */
  readonly says: (string | RegExp)[] | null;
}

const x = torch.ones([2, 3]);
const ints = torch.tensor([0, 1], { dtype: "int64" });
const disposed = torch.ones([2, 3]);
disposed.dispose();
const method = looseMethods(x);
const operators = torch.ops as unknown as Record<string, Untyped>;
const GIVEN = [/expected/, /given/];

const cyclic: unknown[] = [1];
cyclic.push(cyclic);
const deep = () => {
  let nested: unknown = 1;
  for (let n = 0; n < 20_000; n++) nested = [nested];
  return nested;
};

/** Positional and keyword arguments of operators. */
const ofOperators: WrongCall[] = [
  {
    name: "a string for a tensor",
    call: () => loose.matmul(x, "a"),
    says: ["matmul", "other", '"a"', ...GIVEN],
  },
  {
    name: "a string for a number",
    call: () => method.add("a"),
    says: ["add", "other", '"a"', ...GIVEN],
  },
  { name: "an array for a tensor", call: () => loose.mm([[1]], x), says: ["mm", "self", ...GIVEN] },
  {
    name: "null for a tensor",
    call: () => loose.relu(null),
    says: ["relu", "self", "null", ...GIVEN],
  },
  { name: "nothing for a tensor", call: () => loose.relu(), says: ["relu", "self", ...GIVEN] },
  {
    name: "nothing for the second",
    call: () => method.matmul(),
    says: ["matmul", "other", ...GIVEN],
  },
  {
    name: "a foreign object",
    call: () => loose.relu({ handle: 1 }),
    says: ["relu", "self", "object", ...GIVEN],
  },
  {
    name: "a foreign object's method",
    call: () => torch.Tensor.prototype.relu.call({ handle: {} } as never),
    says: ["relu", ...GIVEN],
  },
  {
    name: "an object of the class only",
    call: () => looseMethods(Object.create(torch.Tensor.prototype)).relu(),
    says: ["relu", ...GIVEN],
  },
  {
    name: "a function",
    call: () => loose.relu(() => x),
    says: ["relu", "self", "function", ...GIVEN],
  },
  {
    name: "a promise",
    call: () => loose.relu(Promise.resolve(x)),
    says: ["relu", "self", "Promise", ...GIVEN],
  },
  {
    name: "a symbol",
    call: () => method.mul(Symbol("s")),
    says: ["mul", "other", "symbol", ...GIVEN],
  },
  {
    name: "a typed array for a tensor",
    call: () => loose.relu(new Float32Array(2)),
    says: ["relu", "self", "typed array", ...GIVEN],
  },
  {
    name: "a tensor for a list of them",
    call: () => loose.cat(x),
    says: ["cat", "tensors", ...GIVEN],
  },
  {
    name: "a number in a list of tensors",
    call: () => loose.cat([x, 1]),
    says: ["cat", "tensors", ...GIVEN],
  },
  {
    name: "a disposed tensor in a list",
    call: () => loose.cat([x, disposed]),
    says: ["cat", "tensors", "disposed"],
  },
  {
    name: "a disposed tensor",
    call: () => disposed.add(1),
    says: ["add", "self", "disposed", "scope"],
  },
  {
    name: "a disposed second tensor",
    call: () => x.add(disposed),
    says: ["add", "other", "disposed"],
  },
  {
    name: "a fraction for an integer",
    call: () => method.softmax(0.5),
    says: ["softmax", "dim", "0.5", ...GIVEN],
  },
  {
    name: "NaN for an integer",
    call: () => method.softmax(Number.NaN),
    says: ["softmax", "dim", "NaN", ...GIVEN],
  },
  {
    name: "infinity for an integer",
    call: () => method.unsqueeze(Infinity),
    says: ["unsqueeze", "dim", "Infinity", ...GIVEN],
  },
  {
    name: "a bigint beyond 64 bits",
    call: () => method.unsqueeze(2n ** 80n),
    says: ["unsqueeze", "dim", ...GIVEN],
  },
  {
    name: "an unsafe integer",
    call: () => method.unsqueeze(2 ** 60),
    says: ["unsqueeze", "dim", ...GIVEN],
  },
  {
    name: "a number for a boolean",
    call: () => method.argmax(0, 1),
    says: ["argmax", "keepdim", "1", ...GIVEN],
  },
  {
    name: "a string for a list",
    call: () => method.permute("01"),
    says: ["permute", "dims", '"01"', ...GIVEN],
  },
  {
    name: "a string in a list",
    call: () => method.permute([0, "1"]),
    says: ["permute", "dims", ...GIVEN],
  },
  {
    name: "a fraction in a list",
    call: () => method.view([2, 1.5]),
    says: ["view", "size", ...GIVEN],
  },
  {
    name: "a hole in a list",
    call: () => method.view(new Array(2)),
    says: ["view", "size", ...GIVEN],
  },
  { name: "too many arguments", call: () => method.relu(1, 2, 3), says: ["relu", ...GIVEN] },
  {
    name: "an unknown option",
    call: () => method.softmax(0, { axis: 1 }),
    says: ["softmax", "axis"],
  },
  {
    name: "an argument twice",
    call: () => method.softmax(0, { dim: 1 }),
    says: ["softmax", "dim", "twice"],
  },
  {
    name: "a wrong option",
    call: () => method.add(x, { alpha: "2" }),
    says: ["add", "alpha", '"2"', ...GIVEN],
  },
  {
    name: "an option that throws",
    call: () =>
      method.add(x, {
        get alpha() {
          throw new TypeError("add: its own");
        },
      }),
    says: ["add: its own"],
  },
  {
    name: "an unknown dtype",
    call: () => method.sum({ dtype: "float33" }),
    says: ["sum", "dtype", "float33", ...GIVEN],
  },
  {
    name: "a dtype that is no string",
    call: () => loose.zeros([2], { dtype: 32 }),
    says: ["zeros", "dtype", "32", ...GIVEN],
  },
  {
    name: "an unknown device",
    call: () => loose.zeros([2], { device: "gpu" }),
    says: ["zeros", "device", "gpu", ...GIVEN],
  },
  {
    name: "a device that is not there",
    call: () => loose.zeros([2], { device: "cuda:99" }),
    says: ["zeros", /cuda|CUDA/],
  },
  {
    name: "an unknown operator",
    call: () => operators.aten.no_such_operator(x),
    says: ["no_such_operator"],
  },
  { name: "an unknown namespace", call: () => operators.nowhere.add(x, x), says: ["nowhere"] },
  {
    name: "a wrong approximation",
    call: () => method.gelu({ approximate: "cubic" }),
    says: ["gelu", "approximate"],
  },
  {
    name: "a wrong reduction",
    call: () => loose.mseLoss(x, x, "average"),
    says: ["mseLoss", "reduction", "average"],
  },
  {
    name: "a generator that is none",
    call: () => method.bernoulli({ generator: 7 }),
    says: ["bernoulli", "generator", ...GIVEN],
  },
];

/** What LibTorch itself refuses: values, shapes and dtypes. */
const ofLibTorch: WrongCall[] = [
  { name: "shapes that do not multiply", call: () => x.matmul(x), says: ["matmul", "[2, 3]"] },
  {
    name: "shapes that do not broadcast",
    call: () => x.add(torch.ones([4])),
    says: ["add", "[2, 3]", "[4]"],
  },
  { name: "a view of another size", call: () => x.view([4]), says: ["view", "[4]"] },
  { name: "a dimension out of range", call: () => x.softmax(5), says: ["softmax", "5"] },
  { name: "an index out of range", call: () => x.select(0, 9), says: ["select", "9"] },
  { name: "a wrong index dtype", call: () => x.gather(1, x), says: ["gather", "int64"] },
  {
    name: "an index beyond the weight",
    call: () => torch.embedding(x, torch.tensor([7], { dtype: "int64" })),
    says: ["embedding"],
  },
  {
    name: "a negative index for the weight",
    call: () => torch.embedding(x, torch.tensor([-7], { dtype: "int64" })),
    says: ["embedding"],
  },
  {
    name: "a gather beyond the end",
    call: () => x.gather(1, torch.tensor([[9]], { dtype: "int64" })),
    says: ["gather"],
  },
  {
    name: "a scatter beyond the end",
    call: () => x.scatter(1, torch.tensor([[-9]], { dtype: "int64" }), 1),
    says: ["scatter"],
  },
  {
    name: "classes beyond the logits",
    call: () => torch.crossEntropyLoss(x, torch.tensor([1, 5], { dtype: "int64" })),
    says: [/crossEntropyLoss|cross_entropy_loss/],
  },
  {
    name: "one-hot of negatives",
    call: () => torch.oneHot(torch.tensor([-1], { dtype: "int64" }), 2),
    says: [/oneHot|one_hot/],
  },
  { name: "a negative size", call: () => torch.zeros([-1]), says: ["zeros", "-1"] },
  { name: "a size beyond memory", call: () => torch.zeros([1e15]), says: ["zeros"] },
  { name: "sizes that overflow", call: () => torch.zeros([2 ** 40, 2 ** 40]), says: ["zeros"] },
  {
    name: "reading what memory cannot hold",
    call: () => torch.zeros([1]).expand([1e15]).toArray(),
    says: [/toArray|toTypedArray/],
  },
  {
    name: "strides beyond the storage",
    call: () => x.asStrided([9, 9], [9, 9]),
    says: [/asStrided|as_strided/],
  },
  { name: "negative strides", call: () => x.asStrided([2], [-1]), says: [/asStrided|as_strided/] },
  {
    name: "mixed dtypes in a product",
    call: () => x.matmul(x.t().double()),
    says: ["matmul", /dtype|same|Float|Double/],
  },
  { name: "an integer mean", call: () => ints.mean(), says: ["mean"] },
  {
    name: "a singular inverse",
    call: () => torch.linalgInv(torch.zeros([2, 2])),
    says: [/linalgInv|linalg_inv/],
  },
  {
    name: "an equation that is none",
    call: () => torch.einsum("ij,jk->iz", [x, x.t()]),
    says: ["einsum"],
  },
  { name: "a step of zero", call: () => torch.arange(0, 5, 0), says: ["arange"] },
  {
    name: "a grown in-place result",
    call: () => torch.ones([3]).add_(torch.ones([2, 3])),
    says: ["add_"],
  },
  {
    name: "a cast in place",
    call: () => ints.clone().add_(x.select(0, 0).narrow(0, 0, 2)),
    says: ["add_"],
  },
  {
    name: "a probability above one",
    call: () => torch.dropout(x, 1.5, true),
    says: ["dropout", "1.5"],
  },
  { name: "a range the other way", call: () => x.clone().uniform_(1, 0), says: ["uniform_"] },
];

/** Creating, reading, indexing, scopes, gradients, random numbers. */
const ofOurs: WrongCall[] = [
  {
    name: "nothing to make a tensor of",
    call: () => loose.tensor(),
    says: ["tensor", "undefined", ...GIVEN],
  },
  {
    name: "a string in a tensor",
    call: () => loose.tensor(["1"]),
    says: ["tensor", '"1"', ...GIVEN],
  },
  {
    name: "null in a tensor",
    call: () => loose.tensor([1, null]),
    says: ["tensor", "null", ...GIVEN],
  },
  {
    name: "an object as a tensor",
    call: () => loose.tensor({ length: 2 }),
    says: ["tensor", "object", ...GIVEN],
  },
  {
    name: "a hole in a tensor",
    call: () => loose.tensor(new Array(3)),
    says: ["tensor", "undefined", ...GIVEN],
  },
  { name: "ragged arrays", call: () => loose.tensor([[1, 2], [3]]), says: ["tensor", ...GIVEN] },
  { name: "arrays beside numbers", call: () => loose.tensor([1, [2]]), says: ["tensor", ...GIVEN] },
  {
    name: "arrays deeper on one side",
    call: () => loose.tensor([[[1]], [2]]),
    says: ["tensor", ...GIVEN],
  },
  { name: "an array inside itself", call: () => loose.tensor(cyclic), says: ["tensor"] },
  { name: "arrays without an end", call: () => loose.tensor(deep()), says: ["tensor"] },
  {
    name: "numbers mixed with bigints",
    call: () => loose.tensor([1, 2n]),
    says: ["tensor", ...GIVEN],
  },
  {
    name: "a bigint beyond 64 bits in a tensor",
    call: () => loose.tensor([2n ** 70n]),
    says: ["tensor"],
  },
  {
    name: "an array buffer",
    call: () => loose.tensor(new ArrayBuffer(8)),
    says: ["tensor", ...GIVEN],
  },
  {
    name: "a shape of another count",
    call: () => loose.tensor(new Float32Array(6), { shape: [4] }),
    says: ["tensor", "6", "4"],
  },
  {
    name: "a negative shape",
    call: () => loose.tensor(new Float32Array(6), { shape: [-2, -3] }),
    says: ["tensor", "shape"],
  },
  {
    name: "a shape that is none",
    call: () => loose.tensor(new Float32Array(6), { shape: "6" }),
    says: ["tensor", "shape", ...GIVEN],
  },
  {
    name: "an unknown dtype of a tensor",
    call: () => loose.tensor([1], { dtype: "float" + "33" }),
    says: ["tensor", "dtype", "float33", ...GIVEN],
  },
  {
    name: "an unknown device of a tensor",
    call: () => loose.tensor([1], { device: "gpu:x" }),
    says: ["tensor", "device", "gpu:x", ...GIVEN],
  },
  {
    name: "an unknown option of a tensor",
    call: () => loose.tensor([1], { type: "int64" }),
    says: ["tensor", "type"],
  },
  { name: "an item of many", call: () => x.item(), says: ["item", "[2, 3]"] },
  { name: "an item of a disposed tensor", call: () => disposed.item(), says: ["item", "disposed"] },
  {
    name: "the shape of a disposed tensor",
    call: () => disposed.shape,
    says: ["shape", "disposed"],
  },
  { name: "the elements of a disposed tensor", call: () => disposed.toArray(), says: ["disposed"] },
  {
    name: "a conversion to nothing known",
    call: () => method.to("float33"),
    says: ["to", "float33", ...GIVEN],
  },
  { name: "a conversion to a number", call: () => method.to(3), says: ["to", "3", ...GIVEN] },
  { name: "an index too many", call: () => method.index(0, 0, 0), says: ["index"] },
  { name: "an index beyond the size", call: () => method.index(2), says: ["index", "2"] },
  {
    name: "a fraction as an index",
    call: () => method.index(0.5),
    says: ["index", "0.5", ...GIVEN],
  },
  {
    name: "two ellipses",
    call: () => method.index("...", "..."),
    says: ["index", /ellips|\.\.\./],
  },
  {
    name: "a string as an index",
    call: () => method.index("first"),
    says: ["index", "first", ...GIVEN],
  },
  {
    name: "a float tensor as an index",
    call: () => method.index(x),
    says: ["index", /float|int64|long/i],
  },
  {
    name: "a mask of another shape",
    call: () => method.index(torch.ones([3]).gt(0)),
    says: ["index"],
  },
  {
    name: "a slice that does not move",
    call: () => method.index(loose.slice(0, 2, 0)),
    says: ["slice", /step/],
  },
  {
    name: "a slice of fractions",
    call: () => method.index(loose.slice(0.5)),
    says: ["slice", "0.5"],
  },
  {
    name: "an asynchronous scope",
    call: () => loose.scope(async () => x),
    says: ["scope", /async|Promise/],
  },
  {
    name: "an asynchronous noGrad",
    call: () => loose.noGrad(async () => x),
    says: ["noGrad", /async|Promise/],
  },
  {
    name: "an asynchronous enableGrad",
    call: () => loose.enableGrad(async () => x),
    says: ["enableGrad", /async|Promise/],
  },
  {
    name: "an asynchronous inferenceMode",
    call: () => loose.inferenceMode(async () => x),
    says: ["inferenceMode", /async|Promise/],
  },
  { name: "a scope of nothing", call: () => loose.scope(), says: ["scope", ...GIVEN] },
  { name: "noGrad of a tensor", call: () => loose.noGrad(x), says: ["noGrad", ...GIVEN] },
  { name: "keeping what is no tensor", call: () => loose.keep(3), says: ["keep", "3", ...GIVEN] },
  { name: "backward without a graph", call: () => x.sum().backward(), says: ["backward", /grad/] },
  {
    name: "backward of many elements",
    call: () => torch.ones([2], { requiresGrad: true }).mul(2).backward(),
    says: ["backward", /scalar/],
  },
  {
    name: "a gradient of another shape",
    call: () => torch.ones([2], { requiresGrad: true }).mul(2).backward(x),
    says: ["backward", /shape|size/],
  },
  {
    name: "a gradient that is no tensor",
    call: () => looseMethods(torch.ones([2], { requiresGrad: true }).mul(2)).backward(1),
    says: ["backward", "gradient", ...GIVEN],
  },
  {
    name: "backward with a wrong option",
    call: () =>
      looseMethods(torch.ones([], { requiresGrad: true }).mul(2)).backward(null, { retain: true }),
    says: ["backward", "retain"],
  },
  {
    name: "grad of what was not used",
    call: () =>
      torch.grad(
        [torch.ones([], { requiresGrad: true }).mul(2)],
        [torch.ones([1], { requiresGrad: true })],
      ),
    says: ["grad", /allowUnused|used/],
  },
  {
    name: "grad to what is no tensor",
    call: () => loose.grad([x.sum()], ["x"]),
    says: ["grad", "inputs", ...GIVEN],
  },
  {
    name: "an integer that requires gradients",
    call: () => ints.clone().requiresGrad_(),
    says: [/requiresGrad/, /float/],
  },
  {
    name: "a gradient set to another shape",
    call: () => {
      x.clone().grad = ints;
    },
    says: ["grad", ...GIVEN],
  },
  {
    name: "a gradient set to a number",
    call: () => {
      (x.clone() as unknown as { grad: unknown }).grad = 3;
    },
    says: ["grad", ...GIVEN],
  },
  {
    name: "an in-place change of a leaf",
    call: () => torch.ones([2], { requiresGrad: true }).add_(1),
    says: ["add_", "leaf"],
  },
  {
    name: "a negative seed",
    call: () => torch.manualSeed(-1),
    says: ["manualSeed", "-1", ...GIVEN],
  },
  {
    name: "a fraction as a seed",
    call: () => torch.manualSeed(1.5),
    says: ["manualSeed", "1.5", ...GIVEN],
  },
  {
    name: "a random state of another size",
    call: () => torch.setRngState(torch.zeros([3], { dtype: "uint8" })),
    says: ["setRngState"],
  },
  {
    name: "a random state that is none",
    call: () => loose.setRngState("x"),
    says: ["setRngState", ...GIVEN],
  },
  {
    name: "no threads",
    call: () => torch.setNumThreads(0),
    says: ["setNumThreads", "0", ...GIVEN],
  },
];

/** Where any answer will do that is not the end of the process. */
const survivors: WrongCall[] = [
  { name: "a proxy of a tensor", call: () => loose.relu(new Proxy(x, {})), says: null },
  {
    name: "a list that empties itself",
    call: () => {
      const sizes: number[] = [2, 3];
      Object.defineProperty(sizes, 0, {
        get: () => {
          sizes.length = 0;
          return 2;
        },
      });
      return method.view(sizes);
    },
    says: null,
  },
  {
    name: "an option that disposes",
    call: () => {
      const mine = torch.ones([2]);
      return looseMethods(mine).add(mine, {
        get alpha() {
          mine.dispose();
          return 1;
        },
      });
    },
    says: null,
  },
  {
    name: "a method of a disposed tensor's graph",
    call: () => {
      const leaf = torch.ones([2], { requiresGrad: true });
      const loss = leaf.mul(leaf).sum();
      leaf.dispose();
      return loss.backward();
    },
    says: null,
  },
  { name: "printing a disposed tensor", call: () => `${disposed}`, says: null },
  { name: "a disposed tensor twice", call: () => disposed.dispose(), says: null },
  {
    name: "a tensor on the meta device",
    call: () => torch.zeros([2], { device: "meta" }).toArray(),
    says: null,
  },
  {
    name: "a recursion of scopes",
    call: () => {
      const nest = (depth: number): unknown => torch.scope(() => (depth > 0 ? nest(depth - 1) : 1));
      return nest(2000);
    },
    says: null,
  },
  {
    name: "a stack overflow inside noGrad",
    call: () => {
      const forever = (): unknown => torch.noGrad(() => forever());
      return forever();
    },
    says: null,
  },
  { name: "a quantised dtype", call: () => loose.zeros([2], { dtype: "qint8" }), says: null },
];

export const wrongCalls = [...ofOperators, ...ofLibTorch, ...ofOurs, ...survivors];
