import * as torch from "../../../src/torch";
import { ints, type WrongCall, x } from "./given";

/** What LibTorch itself refuses: values, shapes and dtypes. */
export const ofLibTorch: WrongCall[] = [
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
