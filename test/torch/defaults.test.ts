import test from "ava";
import { ownFunctions, ownMembers } from "../../setup/generate-operators";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";
import { native, type Schema } from "../../src/torch/native";
import { declaredArguments, defaultValue, requiredCall } from "./operators-schema";
import { loose, looseMethods, type Untyped } from "./support";

const schemas = native.schemas();
const bySchemaName = new Map(schemas.map((one) => [`${one.name}.${one.overload}`, one]));

/** Names of the arguments whose value is not the schema's default, each with what it is. */
function differences(call: torch.ExplainedCall, given: ReadonlySet<string>): string[] {
  const schema = bySchemaName.get(`${call.name}.${call.overload}`)!;
  return declaredArguments(schema.schema).flatMap((declared) => {
    if (given.has(declared.name)) return [];
    const passed = call.arguments.get(declared.name);
    const expected = defaultValue(declared);
    const isSame = JSON.stringify(passed) === JSON.stringify(expected);
    return isSame ? [] : [`${schema.schema}: ${declared.name} is ${passed}, not ${expected}`];
  });
}

/** Functions and methods that are more than the operator of their name. */
const handWritten = new Set([
  ...[...ownFunctions].map((name) => `torch.${name}`),
  "torch.grad",
  ...[...ownMembers].map((name) => `Tensor.${name}`),
]);

const snake = (names: readonly string[], schema: Schema) =>
  declaredArguments(schema.schema).flatMap(({ name }, i) =>
    names.includes(schema.arguments[i].name) ? [name] : [],
  );

const requiredNames = (schema: Schema) =>
  new Set(
    snake(
      schema.arguments.filter(({ hasDefault }) => !hasDefault).map(({ name }) => name),
      schema,
    ),
  );

test("the schemas' text and what the addon says of them agree", (t) => {
  t.true(schemas.length >= 3000);
  for (const { schema, arguments: said } of schemas) {
    const declared = declaredArguments(schema);
    t.is(declared.length, said.length, schema);
    for (const [i, { name, defaultText, keywordOnly, type }] of declared.entries()) {
      const { hasDefault, keywordOnly: saidKeyword, name: camel } = said[i];
      t.is(
        camel,
        name.replace(/(?<=[^_])_+([^_])/g, (_, letter) => letter.toUpperCase()),
        schema,
      );
      const isGenerator = type === "Generator?" && keywordOnly; // may be left out, as in Python
      t.is(hasDefault, defaultText !== undefined || isGenerator, `${schema}: ${name}`);
      t.is(saidKeyword, keywordOnly, `${schema}: ${name}`);
    }
  }
});

for (const [form, extra] of [
  ["positional arguments", []],
  ["an options object", [{}]],
] as const) {
  test(`every overload by name, ${form}: what is not given is passed as the schema's default`, (t) => {
    let defaults = 0;
    for (const schema of schemas) {
      torch.scope(() => {
        const [namespace, name] = schema.name.split("::");
        const op = torch.ops[namespace][name];
        const overload = op[schema.overload || "default"];
        const call = requiredCall(schema);
        const isOpen =
          typeof call.at(-1) !== "object" ||
          call.at(-1) instanceof Tensor ||
          Array.isArray(call.at(-1));
        const explained = torch.explain(() => overload(...call, ...(isOpen ? extra : [])));
        t.is(explained.name, schema.name);
        t.is(explained.overload, schema.overload);
        t.deepEqual(differences(explained, requiredNames(schema)), []);
        defaults += schema.arguments.filter(({ hasDefault }) => hasDefault).length;
      });
    }
    t.true(defaults >= 2500, `${defaults} defaults`);
  });
}

test("public functions and methods: whatever overload a call means, its defaults are the schema's", (t) => {
  let calls = 0;
  for (const schema of schemas) {
    const name = schema.name.split("::")[1];
    if (!/^aten::[a-z]\w*$/.test(schema.name)) continue;
    const camel = name.replace(/(?<=[^_])_+([^_])/g, (_, letter) => letter.toUpperCase());
    torch.scope(() => {
      const [first, ...rest] = requiredCall(schema);
      const forms: [string, Untyped, unknown[]][] = [
        ["torch", loose, first === undefined ? rest : [first, ...rest]],
      ];
      if (schema.arguments[0]?.name === "self" && first instanceof Tensor) {
        forms.push(["Tensor", looseMethods(first), rest]);
      }
      for (const [form, holder, given] of forms) {
        if (handWritten.has(`${form}.${camel}`)) continue;
        let explained: torch.ExplainedCall;
        try {
          explained = torch.explain(() => holder[camel](...given));
        } catch (error) {
          t.fail(`${form}.${camel} of ${schema.schema}: ${(error as Error).message}`);
          continue;
        }
        if (explained.name !== schema.name) continue;
        const picked = bySchemaName.get(`${explained.name}.${explained.overload}`)!;
        const count = given.length + (form === "Tensor" ? 1 : 0);
        const names = picked.arguments.slice(0, count).map((one) => one.name);
        const options = given.at(-1);
        if (typeof options === "object" && options !== null) names.push(...Object.keys(options));
        t.deepEqual(differences(explained, new Set(snake(names, picked))), []);
        calls += 1;
      }
    });
  }
  t.true(calls >= 3000, `${calls} calls`);
});
