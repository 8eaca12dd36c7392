import * as torch from "../../../src/torch";
import { loose, looseMethods, type Untyped } from "../support";
import { disposed, GIVEN, type WrongCall, x } from "./given";

const method = looseMethods(x);
const operators = torch.ops as unknown as Record<string, Untyped>;

/** Positional and keyword arguments of operators. */
export const ofOperators: WrongCall[] = [
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
    says: ["relu", ...GIVEN],
  },
  {
    name: "a foreign object's method",
    call: () => looseMethods(torch.Tensor.prototype).relu.call({ handle: {} }),
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
    says: [/mseLoss|mse_loss/, "reduction", "average"],
  },
  {
    name: "a generator that is none",
    call: () => method.bernoulli({ generator: 7 }),
    says: ["bernoulli", "generator", ...GIVEN],
  },
];
