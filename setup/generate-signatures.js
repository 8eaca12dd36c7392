// TypeScript's signatures of operators, for the declarations and for the page that lists them.

/**
 * @typedef {{ name: string, kind: string, optional: boolean, hasDefault: boolean, keywordOnly: boolean,
 *   written: boolean, acceptsSingle: boolean, acceptsNumber: boolean, isReduction: boolean,
 *   default?: unknown }} Argument
 * @typedef {{ name: string, overload: string, schema: string, variadic: boolean, factory: boolean,
 *   arguments: Argument[], returns: Argument[] }} Overload
 */

/**
 * What TypeScript is told of an overload: arguments may be given by position or, from any of them on,
 * by keyword; a list may be given loose where it is all that there is. `self` is where `this` stands
 * among the arguments of a method; -1 for a function.
 * @param {Overload} overload
 * @param {number} [self]
 * @returns {string[]}
 */
function signatures(overload, self = -1) {
  const positional = overload.arguments.filter((argument) => !argument.keywordOnly);
  const keywords = overload.arguments.filter((argument) => argument.keywordOnly);
  const own = positional.filter((_, i) => i !== self);
  const lastRequired = own.reduce((last, argument, i) => (argument.hasDefault ? last : i), -1);
  const result = resultType(overload, self);

  // TypeScript has no optional parameter before a required one, such as options that must be given.
  const needsKeyword = keywords.some((argument) => !argument.hasDefault);
  const all = parameters(own, needsKeyword ? own.length : lastRequired);
  const forms = [`(${[...all, ...options(overload, keywords)].join(", ")})`];
  for (let split = own.length - 1; split >= firstKeyword(overload, self, lastRequired); split--) {
    const given = parameters(own.slice(0, split), split);
    const rest = options(overload, [...own.slice(split), ...keywords]);
    forms.push(`(${[...given, ...rest].join(", ")})`);
  }
  if (overload.variadic && !needsKeyword) {
    const list = own[own.length - 1];
    const before = parameters(own.slice(0, -1), lastRequired);
    forms.push(`(${[...before, `...${parameterName(list)}: number[]`].join(", ")})`);
  }
  return forms.map((form) => `${form}: ${result}`);
}

/**
 * From which argument on keywords are declared: what Python's users write, x.sum({ dim: 0 }), in full
 * for public operators; for the rest arguments with a default alone.
 * @param {Overload} overload
 * @param {number} self
 * @param {number} lastRequired
 */
function firstKeyword(overload, self, lastRequired) {
  const isPublic = /^aten::[a-z]/.test(overload.name) && !writesOut(overload);
  if (!isPublic) return lastRequired + 1;
  return self < 0 ? Math.min(1, lastRequired + 1) : 0;
}

/** @param {Overload} overload */
function writesOut(overload) {
  return overload.arguments.some(({ keywordOnly, written }) => keywordOnly && written);
}

/**
 * @param {Argument[]} list
 * @param {number} lastRequired
 */
function parameters(list, lastRequired) {
  return list.map((argument, i) => {
    const mark = i > lastRequired ? "?" : "";
    return `${parameterName(argument)}${mark}: ${argumentType(argument)}`;
  });
}

const reserved = new Set("in default function new var with from delete this".split(" "));

/** @param {Argument} argument */
function parameterName({ name }) {
  return reserved.has(name) ? `${name}_` : name;
}

/**
 * @param {Overload} overload
 * @param {Argument[]} list
 * @returns {string[]}
 */
function options(overload, list) {
  const members = list.map((argument) => {
    const mark = argument.hasDefault ? "?" : "";
    return `${argument.name}${mark}: ${argumentType(argument)}`;
  });
  if (overload.factory) members.push("requiresGrad?: boolean");
  if (members.length === 0) return [];
  const isOptional = list.every((argument) => argument.hasDefault);
  return [`options${isOptional ? "?" : ""}: { ${members.join("; ")} }`];
}

/** @type {Record<string, string>} */
const kinds = {
  Tensor: "Tensor",
  TensorList: "readonly Tensor[]",
  OptionalTensorList: "readonly (Tensor | null)[]",
  Int: "number",
  IntList: "readonly number[]",
  Float: "number",
  FloatList: "readonly number[]",
  Bool: "boolean",
  BoolList: "readonly boolean[]",
  Scalar: "Scalar",
  ScalarList: "readonly Scalar[]",
  String: "string",
  StringList: "readonly string[]",
  Dtype: "DType",
  Layout: "Layout",
  MemoryFormat: "MemoryFormat",
  Device: "Device",
  Generator: "Generator",
};

/** @param {Argument} argument */
function argumentType({ kind, optional, acceptsSingle, acceptsNumber, isReduction }) {
  const single = kind === "IntList" || kind === "FloatList" ? "number" : "boolean";
  const base = isReduction ? "Reduction" : kinds[kind];
  return [
    ...(acceptsSingle ? [single] : []),
    base,
    ...(acceptsNumber ? ["Scalar"] : []),
    ...(optional ? ["null"] : []),
  ].join(" | ");
}

/**
 * @param {Overload} overload
 * @param {number} [self]
 */
function resultType({ returns, arguments: list }, self = -1) {
  if (self >= 0 && list[self].written && returns.length === 1) return "this";
  const all = returns.map(({ kind }) => (kinds[kind] ?? "string").replace("readonly ", ""));
  if (all.length === 0) return "void";
  return all.length === 1 ? all[0] : `[${all.join(", ")}]`;
}

module.exports = { argumentType, parameterName, resultType, signatures, writesOut };
