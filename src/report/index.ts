/**
 * Tables, figures and pages of runs.
 *
 * @module adaptune/report
 */
export { renderEvaluation } from "./evaluation";
export { figure } from "./figure";
export { count, duration, percent, withPrefix } from "./format";
export { renderHeatMap } from "./heat-map";
export { ProgressBar, type ProgressBarOptions } from "./progress-bar";
export { renderReport, writeReport } from "./report";
export { type Results, resultsNotes, resultsOf, resultsTable } from "./results";
export { type Column, type Row, renderTable } from "./table";
export { type Output, plain, type Style, styleFor } from "./terminal";
export { type Usage, usageOf } from "./usage";
