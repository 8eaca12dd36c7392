import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { functional } from "../../src/nn";
import * as torch from "../../src/torch";

interface Row {
  readonly name: string;
  readonly here: string;
  readonly how: string;
  readonly note: string;
}

const page = readFileSync(join(__dirname, "../../docs/python-functions.md"), "utf8");
const rows: Row[] = [...page.matchAll(/^\| `(.+?)` \| `?(.*?)`? \| (\w+) \| (.*?) ?\|$/gm)].map(
  ([, name, here, how, note]) => ({ name, here, how, note }),
);
const { functions, cases } = torch.loadMetadata(
  join(__dirname, "../reference/functions.safetensors"),
);
const python: { name: string }[] = JSON.parse(functions);
const compared = new Set(
  JSON.parse(cases).map((each: { module: string; function: string }) =>
    [each.module, each.function].join("."),
  ),
);

/** What is at "torch.name" or "functional.name". */
function found(here: string): unknown {
  const [holder, name] = here.split(".");
  return ({ torch, functional } as unknown as Record<string, Record<string, unknown>>)[holder][
    name
  ];
}

test("the page has every function of Python's three modules once", (t) => {
  t.deepEqual(rows.map(({ name }) => name).sort(), python.map(({ name }) => name).sort());
  t.true(rows.length >= 200);
});

for (const { name, here, how, note } of rows) {
  test(`${name} is ${how}${here ? `: ${here}` : ""}`, (t) => {
    if (how === "absent") {
      t.is(here, "");
      t.true(note.length > 20);
      return;
    }
    t.is(typeof found(here), "function");
    if (how === "same") t.true(compared.has(name), "compared with Python");
    else t.is(how, "operator");
  });
}

test("normalize is where users look for it", (t) => {
  t.is(torch.normalize, functional.normalize);
});

test("arguments that nobody knows are refused, and sizes that are broadcast warned of", async (t) => {
  const x = torch.ones([2, 3]);
  const loose = functional as unknown as Record<string, (...args: unknown[]) => unknown>;
  t.throws(() => loose.dropout(x, 0.5, true, true), { message: /at most 2 arguments/ });
  t.throws(() => loose.relu(x, { inPlace: true }), { message: /given 'inPlace'/ });
  t.throws(() => loose.mseLoss(x, x, { sizeAverage: true }), { message: /given 'sizeAverage'/ });
  t.throws(() => loose.softmax(x, 1, { dim: 1 }), { message: /'dim' once, given twice/ });
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  functional.mseLoss(x, torch.ones([3]));
  t.regex((await warned).message, /a target of \[3\] is broadcast with an input of \[2,3\]/);
});

test("what is no tensor is named, whichever function it is given to", (t) => {
  const loose = functional as unknown as Record<string, (...args: unknown[]) => unknown>;
  const calls: [string, string, unknown[]][] = [
    ["mseLoss", "target", [torch.ones([2])]],
    ["normalize", "x", [3]],
    ["maxPool2d", "x", [undefined, 2]],
    ["adaptiveAvgPool2d", "x", [null, 2]],
    ["conv1d", "weight", [torch.ones([1, 1, 3])]],
    ["dropout2d", "x", ["x"]],
    ["embedding", "weight", [torch.ones([1])]],
    ["interpolate", "x", [undefined, { size: 2 }]],
    ["relu", "x", []],
    ["dropout", "x", []],
    ["gridSample", "grid", [torch.ones([1])]],
  ];
  for (const [name, argument, args] of calls) {
    const message = new RegExp(`${name}: argument '${argument}': expected a Tensor, given`);
    t.throws(() => loose[name](...args), { instanceOf: TypeError, message });
  }
});
