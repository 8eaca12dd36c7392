import * as torch from "../../../src/torch";
import { loose, looseMethods } from "../support";
import { disposed, type WrongCall, x } from "./given";

const method = looseMethods(x);

/** Where any answer will do that is not the end of the process. */
export const survivors: WrongCall[] = [
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
  { name: "a structured clone", call: () => structuredClone(x), says: null },
  { name: "a tensor as JSON", call: () => JSON.stringify({ x }), says: null },
  {
    name: "a message of a tensor",
    call: () => {
      const { port1, port2 } = new MessageChannel();
      port1.close();
      port2.postMessage(x);
    },
    says: null,
  },
  {
    name: "a scope's result that throws when read",
    call: () =>
      torch.scope(() => ({
        get result() {
          throw new Error("read");
        },
      })),
    says: null,
  },
  { name: "a quantised dtype", call: () => loose.zeros([2], { dtype: "qint8" }), says: null },
];
