// The operators of a schema dump, by name, and what of them becomes a function or a method.

/**
 * @typedef {import("./generate-signatures").Overload} Overload
 * @typedef {{ name: string, namespace: string, bareName: string, camelName: string,
 *   overloads: Overload[] }} Operator
 */

/** Members that the class Tensor writes itself (src/torch/tensor.ts, properties.ts). */
const ownMembers = new Set(
  `constructor shape strides dtype device layout ndim numel size isContiguous isSame
  requiresGrad requiresGrad_ isLeaf gradFn grad backward item toArray toTypedArray to float double
  half bfloat16 long int bool cpu cuda index indexPut indexPut_ T mT mH H real imag dispose isDisposed toString
  norm stft uniqueConsecutive`.split(/\s+/),
);

/** Functions of src/torch that are more than the operator of their name. */
const ownFunctions = new Set(
  `index indexPut indexPut_ slice atleast1d atleast2d atleast3d blockDiag broadcastTensors cartesianProd cdist
  chainMatmul einsum meshgrid norm stft tensordot uniqueConsecutive`.split(/\s+/),
);

/** Methods whose tensor is an operator's second argument: x.where(condition, other). */
const secondIsSelf = new Set(["aten::where", "aten::polygamma"]);

/**
 * @param {Overload[]} overloads
 * @returns {Operator[]}
 */
function readOperators(overloads) {
  /** @type {Map<string, Operator>} */
  const operators = new Map();
  for (const overload of overloads) {
    const [namespace, bareName] = overload.name.split("::");
    if (!/^\w+$/.test(namespace) || !/^\w+$/.test(bareName)) continue;
    const known = operators.get(overload.name);
    if (known) known.overloads.push(overload);
    else {
      const camelName = camelCase(bareName);
      const { name } = overload;
      operators.set(name, { name, namespace, bareName, camelName, overloads: [overload] });
    }
  }
  return [...operators.values()];
}

/**
 * Underscores at either end stay: they mean internal and in-place.
 * @param {string} name
 */
function camelCase(name) {
  return name.replace(/(?<=[^_])_+([^_])/g, (_, letter) => letter.toUpperCase());
}

/** @param {Operator} operator */
function isPublic({ name }) {
  return /^aten::[a-z]/.test(name);
}

/** @param {Operator} operator */
function isMethod({ camelName, overloads }) {
  return !ownMembers.has(camelName) && overloads.some((overload) => selfPosition(overload) >= 0);
}

/**
 * Which argument is the tensor that a method is called on; -1 where it is no method.
 * @param {Overload} overload
 */
function selfPosition({ name, arguments: list }) {
  const at = secondIsSelf.has(name) ? 1 : 0;
  const argument = list[at];
  const isSelf = argument?.name === "self" && argument.kind === "Tensor" && !argument.keywordOnly;
  return isSelf ? at : -1;
}

module.exports = { isMethod, isPublic, ownFunctions, ownMembers, readOperators, selfPosition };
