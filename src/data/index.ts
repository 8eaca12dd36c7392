/**
 * Datasets, batches, tokenizers and the emoji task.
 *
 * @module adaptune/data
 */
export * from "./answers";
export * from "./collate";
export * from "./dataset";
export { cachedDrawings, emojiCacheFolder } from "./emoji/cache";
export { baseConcept, type Concept, readConcepts, splitOf } from "./emoji/concepts";
export { type Augmentation, PixelRegions } from "./emoji/images";
export { MissingPackagesError } from "./emoji/packages";
export { QUESTION_KINDS, type QuestionKind } from "./emoji/questions";
export * from "./emoji/sources";
export * from "./emoji/task";
export { byLength, lengthOf, roundedUp } from "./lengths";
export * from "./loader";
export * from "./random";
export { type RegionBatch, ResidentRegions } from "./resident-regions";
export * from "./tokenizer";
export * from "./vocabulary";
