import { enableGrad, grad, noGrad } from "./autograd";
import { checkFunction } from "./callbacks";
import { checkOptions, describe } from "./errors";
import { ones, randn, zeros, zerosLike } from "./generated/functions";
import { scope } from "./memory";
import { Tensor } from "./tensor";

/** Gradients that are not those of finite differences. */
export class GradcheckError extends Error {
  override name = "GradcheckError";
}

/** Options of `gradcheck` and `gradgradcheck`, with PyTorch's defaults. */
export interface GradcheckOptions {
  /** The step of the differences; 1e-6. */
  readonly eps?: number;
  /** What may be between the two, beside `rtol`; 1e-5. */
  readonly atol?: number;
  /** What may be between the two relative to the difference quotient; 1e-3. */
  readonly rtol?: number;
  /** What may be between two backward passes of the same; 0. */
  readonly nondetTol?: number;
  /** False returns false instead of throwing. */
  readonly raiseException?: boolean;
}

/** What `gradcheck` checks. */
type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const known = ["eps", "atol", "rtol", "nondetTol", "raiseException"];

/**
 * Whether the gradients of `fn` at `inputs` are those of central differences, entry by entry of the
 * Jacobian of every output by every input that requires gradients; as PyTorch's slow mode does with the
 * same tolerances. `fn` is called again and again and must be deterministic; the inputs are changed in
 * place meanwhile, and are as they were afterwards.
 *
 * Throws GradcheckError that tells the worst entry, TypeError for inputs that are no float64, that
 * overlap themselves, or of which none requires gradients.
 */
export function gradcheck(
  fn: Differentiable,
  inputs: Tensor | readonly Tensor[],
  options: GradcheckOptions = {},
): boolean {
  checkFunction("gradcheck", fn);
  checkOptions("gradcheck", options, known);
  const all = listOf(inputs);
  const wanted = checkInputs("gradcheck", all);
  return reported(options, () =>
    scope(() => {
      const call = () => outputsOf(fn, all);
      const outputs = enableGrad(call);
      for (const [n, output] of outputs.entries()) {
        if (!isDifferentiable(output)) continue;
        for (const [m, input] of all.entries()) {
          if (!wanted.includes(input)) continue;
          const what = `output ${n} by input ${m}`;
          compareJacobians(what, output, input, () => call()[n], options);
        }
        checkLinear(n, output, wanted);
      }
    }),
  );
}

/**
 * `gradcheck` of the gradients of `fn`: whether its second derivatives are right. `gradOutputs` weigh the
 * outputs; by default they are random.
 */
export function gradgradcheck(
  fn: Differentiable,
  inputs: Tensor | readonly Tensor[],
  gradOutputs?: Tensor | readonly Tensor[] | null,
  options: GradcheckOptions = {},
): boolean {
  checkFunction("gradgradcheck", fn);
  checkOptions("gradgradcheck", options, known);
  const all = listOf(inputs);
  const wanted = checkInputs("gradgradcheck", all);
  return scope(() => {
    const outputs = enableGrad(() => outputsOf(fn, all)).filter(isDifferentiable);
    const weights = gradOutputs
      ? listOf(gradOutputs)
      : outputs.map(({ shape }) => randn(shape, { dtype: "float64", requiresGrad: true }));
    const gradients: Differentiable = (...given) => {
      const now = given.slice(0, all.length);
      const results = outputsOf(fn, now).filter(isDifferentiable);
      const differentiated = now.filter((_, n) => wanted.includes(all[n]));
      const gradientsNow = grad(results, differentiated, {
        gradOutputs: given.slice(all.length),
        createGraph: true,
        allowUnused: true as boolean,
      });
      return gradientsNow.map((gradient, n) => gradient ?? zerosLike(differentiated[n]));
    };
    return gradcheck(gradients, [...all, ...weights], options);
  });
}

function reported({ raiseException = true }: GradcheckOptions, check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (raiseException || !(error instanceof GradcheckError)) throw error;
    return false;
  }
}

function listOf(value: Tensor | readonly Tensor[]): readonly Tensor[] {
  return value instanceof Tensor ? [value] : value;
}

function outputsOf(fn: Differentiable, inputs: readonly Tensor[]): readonly Tensor[] {
  const result: unknown = fn(...inputs);
  const outputs: readonly Tensor[] = Array.isArray(result) ? result : [result];
  for (const output of outputs) {
    if (output instanceof Tensor) continue;
    throw new TypeError(
      `gradcheck: expected a function that gives Tensors, given ${describe(output)}`,
    );
  }
  return outputs;
}

const isDifferentiable = (tensor: Tensor) => tensor.requiresGrad;

function checkInputs(what: string, inputs: readonly Tensor[]): readonly Tensor[] {
  const wanted = inputs.filter((input) => input instanceof Tensor && input.requiresGrad);
  if (wanted.length === 0) {
    throw new TypeError(`${what}: expected an input that requires gradients, given none`);
  }
  for (const [n, input] of inputs.entries()) {
    if (!wanted.includes(input)) continue;
    if (input.dtype !== "float64") {
      throw new TypeError(
        `${what}: input ${n}: expected float64, in which differences are exact enough, given ${input.dtype}`,
      );
    }
    if (input.shape.some((size, d) => size > 1 && input.strides[d] === 0)) {
      throw new TypeError(
        `${what}: input ${n}: expected elements of their own, given an expanded tensor; clone() it`,
      );
    }
  }
  return wanted;
}

/** Both as [elements of the input][elements of the output]. */
function compareJacobians(
  what: string,
  output: Tensor,
  input: Tensor,
  compute: () => Tensor,
  { eps = 1e-6, atol = 1e-5, rtol = 1e-3, nondetTol = 0 }: GradcheckOptions,
): void {
  const analytical = analyticalJacobian(output, input);
  const again = analyticalJacobian(output, input);
  const numerical = numericalJacobian(input, compute, eps);
  for (const [i, row] of numerical.entries()) {
    for (const [j, expected] of row.entries()) {
      const found = analytical[i][j];
      if (!(Math.abs(found - again[i][j]) <= nondetTol) && !Object.is(found, again[i][j])) {
        throw new GradcheckError(
          `gradcheck: ${what}: two backward passes differ: ${found} and ${again[i][j]} (element ${j} ` +
            `by element ${i}); nondetTol is ${nondetTol}`,
        );
      }
      if (Math.abs(found - expected) <= atol + rtol * Math.abs(expected)) continue;
      if (Object.is(found, expected)) continue;
      throw new GradcheckError(
        `gradcheck: ${what}: the gradient of element ${j} by element ${i} is ${found}, but the ` +
          `difference quotient is ${expected}`,
      );
    }
  }
}

function numericalJacobian(input: Tensor, compute: () => Tensor, eps: number): number[][] {
  // Unlike detach(), without the count of changes in place: outputs saved the inputs as they are.
  const plain = input.data();
  return positions(input.shape).map((position) =>
    noGrad(() =>
      scope(() => {
        const element = position.reduce((view, index) => view.select(0, index), plain);
        const value = Number(element.item());
        const at = (moved: number): number[] => {
          element.fill_(moved);
          return numbers(enableGrad(compute));
        };
        try {
          const above = at(value + eps);
          const below = at(value - eps);
          return above.map((one, n) => (one - below[n]) / (2 * eps));
        } finally {
          element.fill_(value);
        }
      }),
    ),
  );
}

function analyticalJacobian(output: Tensor, input: Tensor): number[][] {
  const columns = Array.from({ length: output.numel() }, (_, n) =>
    scope(() => {
      const gradOutputs = zeros([output.numel()], { dtype: output.dtype });
      gradOutputs.select(0, n).fill_(1);
      const [gradient] = grad([output], [input], {
        gradOutputs: [gradOutputs.view(output.shape).to(output.device)],
        retainGraph: true,
        allowUnused: true as boolean,
      });
      return gradient === null ? new Array(input.numel()).fill(0) : numbers(gradient);
    }),
  );
  return Array.from({ length: input.numel() }, (_, i) => columns.map((column) => column[i]));
}

/** A backward that does not use the gradient that it is given passes the comparison with ones. */
function checkLinear(n: number, output: Tensor, inputs: readonly Tensor[]): void {
  scope(() => {
    const gradOutputs = ones(output.shape, { dtype: output.dtype, device: output.device }).mul(0);
    const gradients = grad([output], [...inputs], {
      gradOutputs: [gradOutputs],
      retainGraph: true,
      allowUnused: true as boolean,
    });
    for (const gradient of gradients) {
      if (gradient === null || Number(gradient.abs().sum().item()) === 0) continue;
      throw new GradcheckError(
        `gradcheck: output ${n}: the backward is not multiplied by the gradient of its output: it is ` +
          "not zero where that is zero",
      );
    }
  });
}

function positions(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((one) => Array.from({ length: size }, (_, n) => [...one, n])),
    [[]],
  );
}

function numbers(tensor: Tensor): number[] {
  return scope(() => Array.from(tensor.detach().flatten().toTypedArray(), Number));
}
