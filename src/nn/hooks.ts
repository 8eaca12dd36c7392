import type { Module } from "./module";

/** What runs before a forward; an array that it gives back takes the place of the arguments. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type ForwardPreHook<M = Module> = (module: M, args: unknown[]) => unknown[] | void;

/** What runs after a forward; what it gives back, but undefined, takes the place of the result. */
export type ForwardHook<M = Module> = (module: M, args: unknown[], output: unknown) => unknown;

/** Takes a hook off again, by `remove()` or by `using`. */
export interface RemovableHandle extends Disposable {
  /** The hook is called no more. Removing it again does nothing. */
  remove(): void;
}

// Not fields of the module: hooks are neither part of its state nor of its copies.
const known = new WeakMap<Module, Hooks>();

/** The hooks of a module, none at first. */
export function hooksOf(module: Module): Hooks {
  const hooks = known.get(module) ?? new Hooks(module);
  known.set(module, hooks);
  return hooks;
}

/** Whether a module's forward has to be called: another way to its result would leave out hooks. */
export function isHooked(module: Module): boolean {
  return Object.hasOwn(module, "forward");
}

/**
 * The hooks of one module. While it has any, a `forward` of its own stands before that of its class;
 * without hooks a forward costs nothing more.
 */
class Hooks {
  private readonly pre = new Set<{ hook: ForwardPreHook }>();
  private readonly post = new Set<{ hook: ForwardHook }>();
  private original: PropertyDescriptor | undefined;

  constructor(private readonly module: Module) {}

  before(hook: ForwardPreHook): RemovableHandle {
    return this.add(this.pre, { hook });
  }

  after(hook: ForwardHook): RemovableHandle {
    return this.add(this.post, { hook });
  }

  /** In a list by itself, so that a function added twice is called twice. */
  private add<H>(hooks: Set<H>, entry: H): RemovableHandle {
    if (this.isEmpty) this.install();
    hooks.add(entry);
    const remove = () => {
      if (hooks.delete(entry) && this.isEmpty) this.uninstall();
    };
    return { remove, [Symbol.dispose]: remove };
  }

  private get isEmpty(): boolean {
    return this.pre.size + this.post.size === 0;
  }

  private install(): void {
    const { module, pre, post } = this;
    this.original = Object.getOwnPropertyDescriptor(module, "forward");
    const forward = module.forward;
    const value = (...args: unknown[]): unknown => {
      let inputs = args;
      for (const { hook } of [...pre]) inputs = hook(module, inputs) ?? inputs;
      let output = forward.apply(module, inputs);
      for (const { hook } of [...post]) output = hook(module, inputs, output) ?? output;
      return output;
    };
    Object.defineProperty(module, "forward", { value, configurable: true, writable: true });
  }

  private uninstall(): void {
    if (this.original) Object.defineProperty(this.module, "forward", this.original);
    else Reflect.deleteProperty(this.module, "forward");
  }
}
