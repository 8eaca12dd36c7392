import * as torch from "../../../src/torch";
import { loose, looseMethods } from "../support";
import { disposed, GIVEN, ints, type WrongCall, x } from "./given";

const method = looseMethods(x);

const cyclic: unknown[] = [1];
cyclic.push(cyclic);
const endless: unknown[] = [];
endless.push(endless);
const deep = () => {
  let nested: unknown = 1;
  for (let n = 0; n < 20_000; n++) nested = [nested];
  return nested;
};

/** Creating, reading, indexing, scopes, gradients, random numbers. */
export const ofOurs: WrongCall[] = [
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
    name: "a tensor of a handle that is none",
    call: () => new (torch.Tensor as unknown as new (handle: unknown) => torch.Tensor)(3).shape,
    says: ["shape", ...GIVEN],
  },
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
    name: "a seed of more than 64 bits",
    call: () => torch.manualSeed(2n ** 64n),
    says: ["manualSeed", "18446744073709551616n", ...GIVEN],
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
  {
    name: "more threads than help",
    call: () => torch.setNumThreads(60_000),
    says: ["setNumThreads", "1 to 1024", "60000", ...GIVEN],
  },
  {
    name: "more threads between operators than help",
    call: () => torch.setNumInteropThreads(60_000),
    says: ["setNumInteropThreads", "1 to 1024", "60000", ...GIVEN],
  },
  {
    name: "an array inside itself as an index",
    call: () => method.index(endless),
    says: ["index", "64 levels", ...GIVEN],
  },
  {
    name: "an array without an end as an index",
    call: () => method.index(deep()),
    says: ["index"],
  },
  {
    name: "a bigint of more than 64 bits as an index",
    call: () => method.index(2n ** 64n),
    says: ["index", ...GIVEN],
  },
  {
    name: "complex numbers beside booleans",
    call: () => loose.tensor([{ re: 1, im: 2 }, true]),
    says: ["tensor", "true", ...GIVEN],
  },
  {
    name: "complex numbers as integers",
    call: () => loose.tensor([{ re: 1, im: 2 }], { dtype: "int64" }),
    says: ["tensor", "dtype", "int64", ...GIVEN],
  },
  {
    name: "imaginary parts of a real tensor",
    call: () => x.imag,
    says: ["imag", "non-complex"],
  },
  { name: "a vector's matrix transpose", call: () => x.index(0).mT, says: ["mT", "1-D"] },
  { name: "a vector's adjoint", call: () => x.index(0).mH, says: ["mH", "1-D"] },
  { name: "a vector's conjugate transpose", call: () => x.index(0).H, says: ["H", "1-D"] },
];
