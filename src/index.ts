/**
 * Adaptive finetuning and the models for it: all of `adaptune/adaptive` and `adaptune/models`.
 *
 * @module adaptune
 */
export * from "./adaptive";
export * from "./models";
