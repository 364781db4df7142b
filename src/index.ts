/** tiesmith's public API: re-exports only. */
export { type ErrorCode, isBadInput, type Problem, TiesmithError } from "./errors.ts";
export type { ModelSummary } from "./execute/manifest.ts";
export { merge } from "./execute/merge.ts";
export type { MergeOptions, MergePhase, MergeProgress, MergeResult } from "./execute/merge-options.ts";
export { type PlannedModelReport, type PlanReport, type PlanReportOptions, plan } from "./plan/plan-report.ts";
export { recipeFromShorthand } from "./plan/shorthand.ts";
export type { RecipeInput, Shorthand } from "./recipe/recipe.ts";
export { VERSION } from "./version.ts";
