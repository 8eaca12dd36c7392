/**
 * Recipes, the trainer, evaluation, and the folders that runs write.
 *
 * @module adaptune/train
 */
export { newModel, type QuestionAnswering } from "./base-model";
export { type Branch, type BranchOptions, branchRun } from "./branch-run";
export { type Comparison, compare, type FinishedComparison } from "./compare";
export { runDemo } from "./demo";
export { deviceOf } from "./device";
export { describeEnvironment, type Environment } from "./environment";
export { type Evaluation, evaluate } from "./evaluate";
export {
  type EvaluateRunOptions,
  evaluateRun,
  isAsRecorded,
  type RunEvaluation,
} from "./evaluate-run";
export { type ExportedRun, type ExportRunOptions, exportRun } from "./export-run";
export { Failure } from "./failure";
export { type Measured, measure } from "./measure";
export { adaptModel, type TrainedModel } from "./model";
export { type Recipe, recipeSchema, resolveRecipe } from "./recipe";
export { parseRecipe, RecipeError, readRecipe } from "./recipe-file";
export { recipeHelp, recipeJsonSchema } from "./recipe-schema";
export { resumeRun } from "./resume-run";
export { type CheckpointName, RunFolder } from "./run-folder";
export { type FinishedRun, openData, openModel, type RunOptions, runRecipe } from "./run-recipe";
export { findRecipe, shippedRecipes } from "./shipped";
export { openTask, type Task } from "./task";
export { type ParameterCounts, type RunResult, train } from "./train";
export { type StepMetrics, Trainer } from "./trainer";
export type { Progress, Watch } from "./watch";
