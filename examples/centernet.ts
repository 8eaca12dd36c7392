// A detector that was made for TensorFlow.js, run by LibTorch: CenterNet (Zhou et al. 2019, arXiv 1904.07850)
// on a MobileNetV3, of the npm package @vladmandic/human (MIT). It looks at emoji of Noto.
// Run with: npx ts-node -T examples/centernet.ts [image | name of an emoji]...
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import sharp from "sharp";
import { CLASSES } from "./tfjs/classes";
import { GraphModel } from "./tfjs/graph-model";

const packages = join(__dirname, "..", "node_modules");
export const MODEL = join(packages, "@vladmandic", "human", "models", "centernet.json");
const EMOJI = join(packages, "@iconify-json", "noto", "icons.json");

/** The side of the images that the graph takes. */
export const SIZE = 512;

export interface Detection {
  readonly label: string;
  readonly score: number;
  /** In pixels of the image. */
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
}

/** Image [1,512,512,3], RGB of 0 to 255 -> what is in it, the surest first. */
export function detect(model: GraphModel, image: Tensor, least = 0.3): Detection[] {
  const [found] = model.run({ "tower_0/images": image }, ["tower_0/detections"]); // [1,100,6]
  const rows = found.squeeze(0).toArray<number[][]>();
  return rows
    .filter(([, , , , score]) => score >= least)
    .map(([left, top, right, bottom, score, label]) => ({
      label: CLASSES[label] ?? `class ${label}`,
      score,
      box: [left, top, right, bottom] as const,
    }));
}

/** A file, or one of Noto's emoji by its name, on white: [1,512,512,3] float32. */
export async function render(nameOrFile: string): Promise<Tensor> {
  const source = existsSync(nameOrFile) ? nameOrFile : Buffer.from(emoji(nameOrFile));
  const background = "#ffffff";
  const pixels = await sharp(source, { density: 288 })
    .resize(SIZE, SIZE, { fit: "contain", background })
    .flatten({ background })
    .toColourspace("srgb")
    .raw()
    .toBuffer();
  return torch.tensor(new Uint8Array(pixels), { shape: [1, SIZE, SIZE, 3], dtype: "float32" });
}

function emoji(name: string): string {
  const { icons } = JSON.parse(readFileSync(EMOJI, "utf8")) as {
    icons: Readonly<Record<string, { readonly body: string }>>;
  };
  const icon = icons[name];
  if (!icon) throw new Error(`"${name}" is neither a file nor the name of an emoji of Noto`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128">${icon.body}</svg>`;
}

async function main(): Promise<void> {
  if (!existsSync(MODEL)) {
    throw new Error(`${MODEL} is missing: npm install --no-save @vladmandic/human@3.3.6`);
  }
  const model = GraphModel.load(MODEL);
  console.log(`CenterNet: ${model.parameters.toLocaleString("en")} parameters`);
  const names = process.argv.slice(2);
  for (const name of names.length > 0 ? names : ["airplane", "umbrella", "alarm-clock"]) {
    const image = await render(name);
    const start = performance.now();
    const found = detect(model, image);
    console.log(`${name}, in ${(performance.now() - start).toFixed(0)} ms:`);
    for (const { label, score, box } of found) {
      const places = box.map((place) => place.toFixed(0).padStart(4)).join(" ");
      console.log(`  ${label.padEnd(16)} ${(100 * score).toFixed(0).padStart(3)} %  box ${places}`);
    }
    if (found.length === 0) console.log("  nothing");
  }
}

if (require.main === module) void main();
