import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import test from "ava";
import { parse } from "yaml";
import { resolveRecipe } from "../../src/train/recipe";
import { parseRecipe, RecipeError, readRecipe } from "../../src/train/recipe-file";
import { recipeHelp, recipeJsonSchema, type SchemaNode } from "../../src/train/recipe-schema";
import { findRecipe, RECIPES, shippedRecipes } from "../../src/train/shipped";

/** The problems of a recipe, as `line path: message`. */
function problemsOf(text: string, overrides: string[] = []): string[] {
  try {
    parseRecipe(text, { overrides });
    return [];
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    return error.problems.map(({ line, path, message }) => `${line ?? "-"} ${path}: ${message}`);
  }
}

test("an empty recipe has every default", (t) => {
  const recipe = parseRecipe("");
  t.is(recipe.strategy.name, "standard");
  t.is(recipe.model.config?.hidden_size, 128);
  t.is(recipe.train.optimizer.lr, 5e-4);
  t.deepEqual(recipe, resolveRecipe({}));
});

test("a resolved recipe resolves to itself", (t) => {
  for (const name of shippedRecipes()) {
    const recipe = readRecipe(findRecipe(name));
    t.deepEqual(resolveRecipe(recipe), recipe, name);
  }
});

test("all problems are told at once, with their lines", (t) => {
  const text = [
    "train:",
    "  stepps: 10",
    "  warmup: -1",
    "strategy:",
    "  name: SpotTune_Block",
    "  policy:",
    "    layer: 2",
    "    optimizer: { lr: fast }",
    "sed: 1",
  ].join("\n");
  t.deepEqual(problemsOf(text).sort(), [
    "2 train.stepps: no such key: did you mean steps?",
    "3 train.warmup: too small: expected number to be >=0",
    "7 strategy.policy.layer: no such key: did you mean layers?",
    "8 strategy.policy.optimizer.lr: expected number, received string",
    "9 sed: no such key: did you mean seed?",
  ]);
});

test("the error names the file and counts the problems", (t) => {
  const error = t.throws(() => parseRecipe("nam: x\nsead: 1", { file: "my.yaml" }), {
    instanceOf: RecipeError,
  });
  t.is(
    error?.message,
    "my.yaml has 2 problems:\n  line 1: nam: no such key: did you mean name?\n" +
      "  line 2: sead: no such key: did you mean seed?",
  );
});

test("what belongs to another strategy is refused", (t) => {
  t.is(problemsOf("strategy: { name: frozen, gate: {} }").length, 1);
  t.is(problemsOf("strategy: { name: BlockDrop, tuned: copy }").length, 1);
  t.is(
    problemsOf("strategy: { name: BlockDrop, budget: { alternative: tuned, target: 1 } }").length,
    1,
  );
  t.regex(problemsOf("strategy: { name: Spottune }")[0], /^1 strategy.name: .*SpotTune_Block/);
});

test("values that contradict each other are refused", (t) => {
  t.regex(
    problemsOf("train: { steps: 10, warmup: 11 }")[0],
    /train.warmup: must not be above steps/,
  );
  t.regex(
    problemsOf("{ train: { steps: 5, warmup: 1 }, strategy: { name: SpotTune_Block } }")[0],
    /strategy.policy.warmup: must not be above train.steps/,
  );
  t.regex(
    problemsOf("evaluation: { decisions: global }")[0],
    /evaluation.decisions: there is none to take: the strategy decides nothing/,
  );
  t.regex(problemsOf("execution: masked")[0], /execution: there is nothing to mask/);
  t.deepEqual(problemsOf("{ execution: masked, strategy: { name: BlockDrop } }"), []);
  t.regex(
    problemsOf(
      "strategy: { name: BlockDrop, gate: { estimator: { kind: reinforce }, counterfactuals: { adaptive: 0.1 } } }",
    )[0],
    /gate.counterfactuals: reinforce compares nothing/,
  );
  t.regex(problemsOf("data: { imageSize: 64, grid: 5 }")[0], /data.grid: must divide imageSize/);
  t.regex(problemsOf("model: { from: x, config: {} }")[0], /model.config: the pretrained model/);
  t.regex(
    problemsOf("model: { config: { hidden_size: 10, num_attention_heads: 3 } }")[0],
    /num_attention_heads: must divide hidden_size/,
  );
});

test("what can not be recorded is told, all at once", (t) => {
  const problems = (text: string) =>
    problemsOf(`{ train: { graph: true }, ${text} }`).map((line) => line.replace(/^.*graph: /, ""));
  t.deepEqual(problems("device: cuda, execution: static"), []);
  t.deepEqual(problems("device: cpu"), [
    "graphs are CUDA's: set device to cuda",
    "set execution to static",
  ]);
  const gate = "{ estimator: { kind: reinforce }, curriculum: { alternative: keep } }";
  const strategy = `{ name: BlockDrop, policy: { kind: random }, gate: ${gate} }`;
  t.deepEqual(problems(`device: "cuda:1", execution: static, strategy: ${strategy}`), [
    "reinforce runs every batch twice",
    "a curriculum changes what is decided",
    "a random policy draws on the host",
  ]);
  const some = "{ name: SpotTune, gate: { counterfactuals: adaptive } }";
  t.deepEqual(problems(`device: cuda, execution: static, strategy: ${some}`), [
    "counterfactuals are exact in it",
  ]);
  t.regex(problemsOf("device: tpu")[0], /device: auto, cpu, cuda, or cuda:1/);
});

test("what belongs to another kind is refused, and kinds are told", (t) => {
  const policy = (text: string) => problemsOf(`strategy: { name: SpotTune, policy: ${text} }`);
  t.deepEqual(policy("{ kind: poold }"), [
    "1 strategy.policy.kind: expected one of transformer, lxmert, pooled, constant, random, given",
  ]);
  t.deepEqual(policy("{ kind: constant, layers: 2 }"), [
    "1 strategy.policy.layers: no such key: known here are kind, initially, optimizer, warmup, clipNorm",
  ]);
  t.regex(policy("{ kind: given }")[0], /decisions: give either these or a file/);
  t.regex(policy("{ heads: 3 }")[0], /heads: must divide hiddenSize/);
  t.regex(
    problemsOf("model: { type: lxmert, config: { layers: 2 } }")[0],
    /config.layers: no such key/,
  );
});

test("a mask's file is read where the recipe is, and is in the resolved recipe", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-recipe-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const mask = { "vlbert.encoder.layer.0": "tuned", "vlbert.encoder.layer.1": "frozen" };
  writeFileSync(join(folder, "mask.json"), JSON.stringify(mask));
  const text = "strategy: { name: SpotTune_Block, policy: { kind: given, file: mask.json } }";
  const recipe = parseRecipe(text, { file: join(folder, "a.yaml") });
  t.like(recipe.strategy, { policy: { kind: "given", decisions: mask, file: null } });
  t.deepEqual(resolveRecipe(recipe), recipe);
  t.throws(() => parseRecipe(text, { file: join(folder, "no", "a.yaml") }), {
    message: /strategy.policy.file: .*mask.json/,
  });
});

test("text that is no YAML is refused with its line", (t) => {
  t.regex(problemsOf("name: a\ntrain: [1")[0], /^[23] : /);
});

test("key=value wins over the file and is checked like it", (t) => {
  const recipe = parseRecipe("train: { steps: 5, warmup: 1 }", {
    overrides: ["train.steps=7", "strategy.name=frozen", "strategy.head=[final_mlp, vlbert]"],
  });
  t.is(recipe.train.steps, 7);
  t.is(recipe.train.warmup, 1);
  t.deepEqual(recipe.strategy, { name: "frozen", head: ["final_mlp", "vlbert"], also: [] });
  t.deepEqual(problemsOf("", ["train.stepz=1", "seed"]), [
    "- seed: expected key=value, as in train.steps=100",
    "- train.stepz: no such key: did you mean steps?",
  ]);
});

test("a pretrained model is looked for beside the recipe, an overriding one beside the user", (t) => {
  const file = join("somewhere", "a.yaml");
  t.is(parseRecipe("model: { from: b }", { file }).model.from, resolve("somewhere", "b"));
  const overrides = ["model.from=b"];
  t.is(parseRecipe("", { file, overrides }).model.from, resolve("b"));
});

test("every shipped recipe is parsed, and named like its file", (t) => {
  for (const name of shippedRecipes()) t.is(readRecipe(findRecipe(name)).name, name);
  t.throws(() => findRecipe("sorce"), { message: /no such recipe/ });
});

test("every shipped recipe says in comments what it is and how it is run", (t) => {
  for (const name of shippedRecipes()) {
    const text = readFileSync(join(RECIPES, `${name}.yaml`), "utf8");
    t.true(text.startsWith("# "), name);
    t.true(text.includes(`npx adaptune train ${name}\n`), name);
  }
});

test("the adaptations of a model differ in strategy alone", (t) => {
  const rest = (name: string) => {
    const { strategy, name: _, model, ...others } = parse(readFileSync(findRecipe(name), "utf8"));
    return { ...others, from: model.from.replace("lxmert-", "") };
  };
  const adaptations = shippedRecipes().filter((name) => !name.endsWith("source"));
  for (const name of adaptations) t.deepEqual(rest(name), rest("frozen"), name);
});

test("every key has a meaning, in the help and in the schema", (t) => {
  const check = (node: SchemaNode, path: string) => {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      t.truthy(child.description, `${path}${name}`);
      for (const one of [child, ...(child.oneOf ?? []), ...(child.anyOf ?? [])]) {
        check(one, `${path}${name}.`);
      }
    }
  };
  check(recipeJsonSchema(), "");
  const help = recipeHelp();
  for (const key of ["warmup: 20", "name: SpotTune_Block", "hiddenSize: 64", "shift: 0"]) {
    t.true(help.includes(key), key);
  }
});

test("no key reaches what is not the recipe's own", (t) => {
  for (const override of [
    "__proto__.x=1",
    "train.__proto__.steps=1",
    "constructor.prototype.x=1",
  ]) {
    t.regex(problemsOf("", [override]).join(), /no such key/, override);
  }
  t.regex(problemsOf("", ["toString.x=1"]).join(), /toString: no such key/);
  t.regex(problemsOf("train: { __proto__: { steps: 1 } }").join(), /no such key: __proto__/);
  const mask =
    "strategy: { name: SpotTune, policy: { kind: given, decisions: { __proto__: tuned } } }";
  t.regex(problemsOf(mask).join(), /no such key: __proto__/);
  t.false("x" in {} || "steps" in {});
});

test("YAML that is no recipe is refused in a line, whatever it holds", (t) => {
  const nines = (name: string) => `[${Array(9).fill(`*${name}`)}]`;
  const bomb = [
    "a: &a [x]",
    ...[..."bcdefghi"].map((name, n) => `${name}: &${name} ${nines("abcdefgh"[n])}`),
  ];
  const refused: [string, RegExp][] = [
    [bomb.join("\n"), /Excessive alias count/],
    ["a: &a [*a]", /too deeply nested/],
    [`a: ${"[".repeat(100_000)}`, /too deeply nested/],
    ["- a", /keys with values/],
    ["hello", /keys with values/],
    ["train: !!set { steps }", /no Set/],
    ["seed: !!binary aGVsbG8=", /no (Buffer|Uint8Array)/],
    ["seed: !unknown 3", /Unresolved tag/],
    ["a: 1\n---\nb: 2", /multiple documents/],
  ];
  for (const [text, message] of refused) {
    const problems = problemsOf(text);
    t.is(problems.length, 1, text.slice(0, 20));
    t.regex(problems[0], message);
  }
});

test("numbers have bounds that mean something", (t) => {
  for (const [override, most] of [
    ["threads=60000", 1024],
    ["data.imageSize=1000000", 512],
    ["model.config.num_hidden_layers=1e9", 1000],
    ["model.config.hidden_size=1e9", 16_384],
    ["train.steps=1e7", 999_999],
    ["seed=4294967296", 4_294_967_295],
  ] as const) {
    t.regex(problemsOf("", [override]).join(), new RegExp(`too big: .*<=${most}$`), override);
  }
  const unbounded = leavesOf(recipeJsonSchema()).filter(
    ([, { type, maximum, exclusiveMaximum }]) =>
      type === "integer" && maximum === undefined && exclusiveMaximum === undefined,
  );
  // Those are compared with the model's sites and blocks.
  t.deepEqual([...new Set(unbounded.map(([path]) => path.split(".").at(-1)))].sort(), [
    "blocks",
    "decisions",
  ]);
});

test("a file that is no recipe says what it is instead", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-recipe-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "some.yaml");
  const refused = (content: string | Uint8Array, message: RegExp) => {
    writeFileSync(file, content);
    t.throws(() => readRecipe(file), { instanceOf: RecipeError, message });
  };
  refused("", /this is empty/);
  refused(" \n", /this is empty/);
  refused(Uint8Array.of(0xff, 0xfe, 0, 1), /not text in UTF-8/);
  refused("name: a\0b", /not text in UTF-8/);
  refused("#".repeat(1_000_001), /1000001 bytes/);
  t.throws(() => readRecipe(folder), { instanceOf: RecipeError, message: /this is a folder/ });
  t.throws(() => readRecipe("/dev/null"), { instanceOf: RecipeError, message: /no regular file/ });
});

test("what a terminal would obey is written out", (t) => {
  const error = t.throws(() =>
    parseRecipe('"\\e[31mred": 1\n"a\\nb": 2', { file: "\x1b]0;x\x07" }),
  );
  t.regex(
    error!.message,
    /^\\x1b\]0;x\\x07 has 2 problems:\n {2}line 1: \\x1b\[31mred: .*\n {2}line 2: a\\nb: /,
  );
});

/** All keys that hold values, by dotted path, with what the schema says of them; items of lists too. */
function leavesOf(node: SchemaNode, path = ""): [string, SchemaNode & Record<string, unknown>][] {
  const { items } = node as { items?: SchemaNode };
  const below = [...(node.oneOf ?? []), ...(node.anyOf ?? []), ...(items ? [items] : [])];
  const inside = Object.entries(node.properties ?? {});
  return [
    [path, node as SchemaNode & Record<string, unknown>],
    ...below.flatMap((one) => leavesOf(one, path)),
    ...inside.flatMap(([name, one]) => leavesOf(one, path ? `${path}.${name}` : name)),
  ];
}
