import { type Example, ResidentRegions } from "../data";
import type { Device } from "../torch";
import { Failure } from "./failure";
import type { Recipe } from "./recipe";
import type { Task } from "./task";

export interface FeaturePlace {
  readonly task: Task;
  readonly recipe: Pick<Recipe, "features">;
  readonly device: Device;
}

/**
 * Does something with a task whose images wait on a device where the recipe's `features` says so, to the same
 * results to the bit. What training augments is made on the host anyway.
 */
export async function withFeatures<T>(
  place: FeaturePlace,
  work: (task: Task) => Promise<T>,
): Promise<T> {
  const { task, device } = place;
  const examples = examplesToSend(place);
  if (examples.length === 0) return work(task);
  const regions = new ResidentRegions(task.dataset.regions, examples, device);
  try {
    return await work({
      ...task,
      dataset: Object.create(task.dataset, { regions: { value: regions } }),
    });
  } finally {
    regions.dispose();
  }
}

/** The examples whose images are to be on the device; none where they stay on the host. */
function examplesToSend({ task, recipe: { features }, device }: FeaturePlace): Example[] {
  const { regions } = task.dataset;
  if (features === "host" || (features === "auto" && device === "cpu")) return [];
  if (!regions.imageOf) {
    if (features === "auto") return [];
    throw new Failure("this task does not say which of its examples show the same image", {
      where: "the recipe's features",
      next: "leave features at auto, or set it to host",
    });
  }
  const examples = plainExamples(task, regions.augments !== false);
  const fits = ResidentRegions.bytes(regions, examples) <= MOST_BYTES;
  return features === "device" || fits ? examples : [];
}

/** The examples that batches are made of without augmentation. */
function plainExamples(task: Task, augmented: boolean): Example[] {
  const learnt = augmented ? task.trainProbe : task.train;
  return [...learnt, ...task.validation, ...(task.source ?? [])];
}

/** By itself no more is sent: little beside the memory of a GPU, and ten times the emoji of a style. */
const MOST_BYTES = 2 ** 30;
