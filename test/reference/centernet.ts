// What TensorFlow.js itself makes of CenterNet, by its plain JavaScript backend; takes half a minute.
// Run with: npx ts-node -T test/reference/centernet.ts
//
// Writes centernet.json: of an image that is a formula, `scores` [80], the largest of every class,
// `sizes` [4], the means of the box sizes, and `detections` [5,6], the first rows.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import util from "node:util";
import { formulaImage } from "../examples/formula-image";

interface TFTensor {
  dataSync(): Float32Array;
}

/** The part of TensorFlow.js that is used here. */
interface TensorFlow {
  setBackend(name: "cpu"): Promise<boolean>;
  tensor(values: Float32Array, shape: readonly number[]): TFTensor;
  loadGraphModel(handler: { load(): Promise<object> }): Promise<{
    execute(inputs: Record<string, TFTensor>, outputs: string[]): TFTensor[];
  }>;
}

const folder = join(__dirname, "..", "..", "node_modules", "@vladmandic", "human");

/** The package's bundle is for browsers: node's util, which it asks for, is an empty stand-in there. */
async function loadTensorFlow(): Promise<TensorFlow> {
  const nodeUtil = { TextEncoder, TextDecoder, types: util.types };
  Object.assign(globalThis, { nodeUtil });
  const bundle = readFileSync(join(folder, "dist", "tfjs.esm.js"), "utf8");
  const patched = bundle.replace("this.util=$k()", "this.util=globalThis.nodeUtil");
  const url = `data:text/javascript;base64,${Buffer.from(patched).toString("base64")}`;
  return new Function("url", "return import(url)")(url); // not the `require` that TypeScript makes of it
}

async function main(): Promise<void> {
  const tf = await loadTensorFlow();
  await tf.setBackend("cpu");
  const json = JSON.parse(readFileSync(join(folder, "models", "centernet.json"), "utf8"));
  const weightData = new Uint8Array(readFileSync(join(folder, "models", "centernet.bin"))).buffer;
  const weightSpecs = json.weightsManifest[0].weights;
  const model = await tf.loadGraphModel({
    load: async () => ({ ...json, weightSpecs, weightData }),
  });

  const images = tf.tensor(formulaImage(), [1, 512, 512, 3]);
  const names = ["tower_0/keypoints", "tower_0/wh", "tower_0/detections"];
  const [heat, sizes, detections] = model
    .execute({ "tower_0/images": images }, names)
    .map((tensor) => tensor.dataSync());
  const rows = Array.from({ length: 5 }, (_, n) => [...detections.slice(6 * n, 6 * n + 6)]);
  const values = {
    scores: channels(heat, 80).map((values) => values.reduce((a, b) => Math.max(a, b))),
    sizes: channels(sizes, 4).map((values) => values.reduce((a, b) => a + b) / values.length),
    detections: rows,
  };
  const rounded = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(7)) : value;
  writeFileSync(join(__dirname, "centernet.json"), `${JSON.stringify(values, rounded)}\n`);
}

/** The values of each of the last dimension's entries. */
function channels(values: Float32Array, count: number): number[][] {
  const all = [...values];
  return Array.from({ length: count }, (_, channel) => all.filter((_, n) => n % count === channel));
}

void main();
