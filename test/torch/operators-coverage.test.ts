import test from "ava";
import { isPublic, ownFunctions, ownMembers, readOperators } from "../../setup/generate-operators";
import { page } from "../../setup/generate-operators-page";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";
import { native } from "../../src/torch/native";
import { loose } from "./support";

const schemas = native.schemas();
const operators = readOperators([...schemas] as never);

test("every public operator is a function, and a method where it has a self", (t) => {
  const own = operators.filter(isPublic);
  t.true(own.length >= 1000);
  for (const { camelName, overloads } of own) {
    if (camelName !== "index") t.is(typeof loose[camelName], "function", camelName);
    const hasSelf = overloads.some(
      ({ arguments: [first] }) => first?.name === "self" && first.kind === "Tensor",
    );
    if (hasSelf) t.true(camelName in Tensor.prototype, `Tensor.${camelName}`);
  }
});

test("names in camel case are as many as the operators'", (t) => {
  const own = operators.filter(({ namespace }) => namespace === "aten");
  t.is(new Set(own.map(({ camelName }) => camelName)).size, own.length);
  // torch.index would be x.index, which has other arguments than the operator.
  for (const name of ownFunctions) if (name !== "index") t.is(typeof loose[name], "function", name);
  for (const name of ownMembers) t.true(name in Tensor.prototype, name);
});

test("every overload of every namespace is reached by its name", (t) => {
  for (const { name, overload } of schemas) {
    const [namespace, bare] = name.split("::");
    t.true(native.resolve(name, overload) >= 0);
    t.is(typeof torch.ops[namespace][bare], "function");
  }
});

test("the page lists what there is and what there is not, the same each time", (t) => {
  const uncovered = native.uncovered();
  t.true(uncovered.length > 0 && uncovered.length < 200, `${uncovered.length}`);
  const text = page([...schemas] as never, [...uncovered], torch.version);
  t.is(text, page([...schemas] as never, [...uncovered], torch.version));
  t.true(text.length < 600_000);
  for (const line of [
    "sum(self: Tensor, dim: number | number[] | null, keepdim: boolean = false, *, dtype: DType | null = null): Tensor",
    "addmm(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1): Tensor",
  ]) {
    t.true(text.includes(line), line);
  }
  for (const { schema } of uncovered) {
    t.true(text.includes(`\`${schema.slice(0, schema.indexOf("("))}\``), schema);
  }
});
