/** The trials of a search as CSV (RFC 4180), one a line: for spreadsheets and data frames. */
import type { SearchResults, Trial } from "./results.ts";

type Field = string | number | boolean | null;

/** Columns: the trial, its variables, its objective, a score for each task and language, and what it took. */
export function trialsCsv({ methods, tunedOn, trials }: SearchResults): string {
  const variables = [...new Set(methods.flatMap((method) => method.variables.map(({ name }) => name)))];
  const tasks = tunedOn.map(({ task, language }) => ({ task, language }));
  const scoreOf = (trial: Trial, of: (typeof tasks)[number]) =>
    trial.scores.find(({ task, language }) => task === of.task && language === of.language)?.value ?? null;
  const head = [
    ...["trial", "method", "status", ...variables, "objective"],
    ...tasks.map(({ task, language }) => `${task}:${language}`),
    ...[
      "rows",
      "merge_seconds",
      "evaluate_seconds",
      "evaluated_tokens",
      "model_hash",
      "finished_at",
      "error",
    ],
  ];
  const lines = trials.map((trial): Field[] => [
    ...[trial.id, trial.method, trial.status],
    ...variables.map((name) => trial.parameters[name] ?? null),
    trial.objective,
    ...tasks.map((task) => scoreOf(trial, task)),
    ...[trial.rows, trial.mergeSeconds, trial.evaluateSeconds, trial.evaluatedTokens],
    ...[trial.modelHash, trial.finishedAt, trial.error],
  ]);
  return [head, ...lines].map((fields) => `${fields.map(field).join(",")}\r\n`).join("");
}

/** A leading =, +, - or @ of a text would be a formula to a spreadsheet. */
function field(value: Field): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
