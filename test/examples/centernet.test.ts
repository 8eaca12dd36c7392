import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type * as CenterNet from "../../examples/centernet";
import type * as Graph from "../../examples/tfjs/graph-model";
import type * as Torch from "../../src/torch";
import { formulaImage } from "./formula-image";

const { refreshDist } = require("../../setup/dist") as { refreshDist(root: string): number };

// Examples use the package by its name, compiled: its tensors are of other classes than those of src/.
refreshDist(join(__dirname, "..", ".."));
const torch = require("adaptune/torch") as typeof Torch;
const { detect, MODEL, render } = require("../../examples/centernet") as typeof CenterNet;
const { GraphModel } = require("../../examples/tfjs/graph-model") as typeof Graph;

interface Reference {
  readonly scores: number[];
  readonly sizes: number[];
  readonly detections: number[][];
}

const expected = JSON.parse(
  readFileSync(join(__dirname, "../reference/centernet.json"), "utf8"),
) as Reference;

test("scores, sizes and detections are those of TensorFlow.js", (t) => {
  const model = GraphModel.load(MODEL);
  t.is(model.parameters, 2_015_065);
  const names = ["tower_0/keypoints", "tower_0/wh", "tower_0/detections"];
  const [heat, sizes, found] = model.run(
    { "tower_0/images": torch.tensor(formulaImage(), { shape: [1, 512, 512, 3] }) },
    names,
  );
  const close = (actual: Torch.Tensor, values: number[] | number[][], tolerance: number) => {
    const off = actual.sub(torch.tensor(values)).abs().max().item();
    t.true(off <= tolerance, `off by ${off}`);
  };
  close(heat.amax([0, 1, 2]), expected.scores, 1e-5);
  close(sizes.mean([0, 1, 2]), expected.sizes, 1e-2);
  close(found.index(0, torch.slice(0, 5)), expected.detections, 2e-2);
});

test("it finds what an emoji shows", async (t) => {
  const [found] = detect(GraphModel.load(MODEL), await render("airplane"));
  t.is(found.label, "airplane");
  t.true(found.score > 0.5);
  const [left, top, right, bottom] = found.box;
  t.true(left < 60 && top < 60 && right > 450 && bottom > 450, found.box.join());
  await t.throwsAsync(render("no such thing"), { message: /neither a file nor the name/ });
});

/** A graph of one node on a placeholder x, with int32 and float16 weights in a shard. */
function graphFile(folder: string, op: string, shard: Uint8Array): string {
  const file = join(folder, "model.json");
  writeFileSync(join(folder, "shard.bin"), shard);
  const node = [
    { name: "x", op: "Placeholder" },
    { name: "half", op: "Const" },
    { name: "axis", op: "Const" },
    { name: "out", op, input: ["x", "half", "axis", "^half"] },
  ];
  const weights = [
    { name: "half", shape: [1], dtype: "float32", quantization: { dtype: "float16" } },
    { name: "axis", shape: [], dtype: "int32" },
  ];
  const weightsManifest = [{ paths: ["shard.bin"], weights }];
  writeFileSync(file, JSON.stringify({ modelTopology: { node }, weightsManifest }));
  return file;
}

const shard = Uint8Array.of(0x00, 0x38, 0, 0, 0, 0); // 0.5 as float16, 0 as int32

test("weights are read by their types, and nodes by what they need", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-graph-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const model = GraphModel.load(graphFile(folder, "ConcatV2", shard));
  const [out, half] = model.run({ x: torch.tensor([1, 2]) }, ["out", "half"]);
  t.deepEqual(out.toArray(), [1, 2, 0.5]);
  t.deepEqual(half.toArray(), [0.5]);
  t.throws(() => model.run({}, ["out"]), { message: /x is a Placeholder that was not given/ });
  t.throws(() => model.run({}, ["nothing"]), { message: /no node nothing/ });
});

test("what is not known is said when the graph is read", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-graph-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.throws(() => GraphModel.load(graphFile(folder, "Einsum", shard)), {
    message: /unknown operators: Einsum/,
  });
  t.throws(() => GraphModel.load(graphFile(folder, "ConcatV2", shard.subarray(0, 4))), {
    message: /axis: its shards end/,
  });
});
