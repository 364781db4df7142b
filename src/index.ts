/** tiesmith's public API: re-exports only. */
export { conflicts } from "./conflicts/conflicts.ts";
export type { Agreement, Figures, Histogram, ModelFigures, PairFigures } from "./conflicts/figures.ts";
export type { ModuleKind } from "./conflicts/module-kind.ts";
export type { ConflictsOptions, SeriesOptions } from "./conflicts/options.ts";
export type {
  ConflictsReport,
  DensityGrid,
  GridCell,
  GridModel,
  GroupFigures,
  SeriesFigures,
  SeriesPoint,
  SlackCurve,
  SlackPoint,
  TensorFigures,
} from "./conflicts/report-data.ts";
export { demo } from "./demo/api.ts";
export type { DemoOptions, DemoProgress } from "./demo/options.ts";
export type { DemoResults, Finding } from "./demo/results.ts";
export { type ErrorCode, isBadInput, type Problem, TiesmithError } from "./errors.ts";
export { checkData, evaluate, evaluateWithHarness, listTasks, rescore } from "./evaluate/api.ts";
export type { BackendOptions } from "./evaluate/backend-options.ts";
export type { DataCheck, TaskSummary } from "./evaluate/check-data.ts";
export type { EvaluateOptions, EvaluationProgress } from "./evaluate/evaluate.ts";
export type { HarnessOptions } from "./evaluate/lm-eval.ts";
export type { Rescored } from "./evaluate/rescore.ts";
export type {
  AverageScore,
  Comparison,
  EvaluatedTask,
  EvaluationResults,
  Score,
  TaskPredictions,
} from "./evaluate/results.ts";
export { type ScoreCell, type ScoreTable, scoreTables } from "./evaluate/score-tables.ts";
export type { Prediction } from "./evaluate/scoring.ts";
export { CutCache } from "./execute/cut-cache.ts";
export { type DiffOptions, type DiffReport, type DiffTotals, diff } from "./execute/diff.ts";
export type { ModelSummary } from "./execute/manifest.ts";
export { merge } from "./execute/merge.ts";
export type { MergeOptions, MergePhase, MergeProgress, MergeResult } from "./execute/merge-options.ts";
export type { DifferenceStatus, TensorDifference } from "./execute/tensor-difference.ts";
export { type VerifyOptions, type VerifyReport, verify } from "./execute/verify.ts";
export type { VerifyFailure } from "./execute/verify-shards.ts";
export type { ReadOptions, ReadProgress } from "./execute/with-pool.ts";
export {
  type ExportOptions,
  type ExportProgress,
  type ExportResult,
  exportGguf,
} from "./gguf/export-gguf.ts";
export type { GgufType } from "./gguf/layout.ts";
export type { OutputFormat } from "./gguf/output-format.ts";
export { type InspectOptions, inspect, type ModelReport } from "./plan/inspect.ts";
export {
  type PlannedModelReport,
  type PlanReport,
  type PlanReportOptions,
  plan,
} from "./plan/plan-report.ts";
export { recipeFromShorthand } from "./plan/shorthand.ts";
export type { RecipeInput, Shorthand } from "./recipe/recipe.ts";
export type { SearchExtras } from "./report/search-document.ts";
export { writeConflictsReport } from "./report/write-conflicts-report.ts";
export { writeEvaluationReport } from "./report/write-evaluation-report.ts";
export { checkReportFolder } from "./report/write-report.ts";
export { writeSearchReport } from "./report/write-search-report.ts";
export { writeTrajectoryReport } from "./report/write-trajectory-report.ts";
export { readSearch, search, searchCsv, searchStatus } from "./search/api.ts";
export type { TrialListener } from "./search/on-trial.ts";
export type {
  SearchCost,
  SearchMethod,
  SearchResults,
  SearchVariable,
  TestedModel,
  Trial,
  TrialScore,
  TunedRows,
  Winner,
} from "./search/results.ts";
export type { SearchOptions, SearchProgress } from "./search/search-options.ts";
export type { SearchStatus } from "./search/search-status.ts";
export type { SearchInput } from "./search/spec.ts";
export { trajectory } from "./trajectory/api.ts";
export type { OtherCurve, TrajectoryOptions } from "./trajectory/options.ts";
export type { TrajectoryCurve, TrajectoryPoint, TrajectoryResults } from "./trajectory/results.ts";
export { VERSION } from "./version.ts";
