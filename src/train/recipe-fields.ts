import { z } from "zod";

/** The kinds of keys that the sections of a recipe are made of, each with its default. */
export const count = (value: number, most = 1_000_000) => z.int().min(1).max(most).default(value);
export const share = (value: number) => z.number().min(0).max(1).default(value);
export const positive = (value: number) => z.number().positive().default(value);
export const few = z.int().min(1).max(1_000_000).nullable().default(null);
/** Generators take 32 bits: more would be other seeds' numbers. */
export const seed = z.int().min(0).max(0xffff_ffff).default(0);
/** The widest layer: a weight of 16,384 x 16,384 is a gigabyte. */
export const width = (value: number) => count(value, 16_384);
export const paths = (...value: string[]) => z.array(z.string().min(1)).default(value);

/** Checkpoints are named by six digits. */
export const MOST_STEPS = 999_999;

/** What keys mean for a run that has begun: all others are fixed, and may change where it branches. */
export type Meaning = {
  /** A run is the same with any value, or with any of these, but for rounding. */
  readonly free?: boolean | readonly unknown[];
  /** It says how the model is made, and nothing once it is; false within a section that is so. */
  readonly start?: boolean;
};

export const FREE: Meaning = { free: true };
export const START: Meaning = { start: true };
export const LATER: Meaning = { start: false };

/** What a recipe and the command line call devices. */
export const DEVICES = /^(auto|cpu|cuda(:\d+)?)$/;
export const DEVICE_NAMES = "auto, cpu, cuda, or cuda:1 for another one than the first";

const optimizer = z.strictObject({
  lr: positive(5e-4).describe("learning rate after the warm-up"),
  weightDecay: z.number().min(0).default(0.01).describe("decoupled weight decay"),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .describe("decay rates of the two moments"),
  eps: positive(1e-8).describe("added to the denominator"),
});

/** How one set of parameters is trained: the backbone's, or the policy's. */
export const steering = {
  optimizer: optimizer.prefault({}).describe("AdamW").meta(LATER),
  warmup: z
    .int()
    .min(0)
    .max(MOST_STEPS)
    .default(20)
    .describe("steps until the full learning rate; then it falls to 0")
    .meta(LATER),
  clipNorm: positive(1).describe("largest common 2-norm of the gradients").meta(LATER),
};

export type OptimizerRecipe = z.output<typeof optimizer>;
