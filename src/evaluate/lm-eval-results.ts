/** Results of lm-evaluation-harness in tiesmith's terms. */
import { isJsonObject, type JsonObject } from "../checkpoint/json-file.ts";
import { TiesmithError } from "../errors.ts";
import type { EvaluatedTask, Score } from "./results.ts";
import { accuracy } from "./statistics.ts";

/** The metrics that stand for a task, the first that is there. */
const METRICS = [
  "exact_match,flexible-extract",
  "exact_match,strict-match",
  "exact_match,none",
  "acc,none",
] as const;
const CODE = /_([a-z]{3}_[A-Z][a-z]{3}|[a-z]{2,3})$/;

/**
 * The tasks and scores of a `results_*.json` (0.4.x): `results.TASK["METRIC,FILTER"]` beside
 * `"METRIC_stderr,FILTER"`, counts under `n-samples`.
 * @throws {TiesmithError} `DATA_INVALID` if the file is another thing
 */
export function readHarnessResults(
  value: unknown,
  path: string,
  model: string,
): { tasks: EvaluatedTask[]; scores: Score[] } {
  const results = isJsonObject(value) ? value.results : undefined;
  if (!isJsonObject(results))
    throw new TiesmithError(
      "DATA_INVALID",
      `Expected the results of lm-evaluation-harness in ${path}, but found no "results"`,
      { path },
    );
  const tasks: EvaluatedTask[] = [];
  const scores: Score[] = [];
  for (const [name, entry] of Object.entries(results)) {
    if (!isJsonObject(entry)) continue;
    const metric = METRICS.find((key) => typeof entry[key] === "number");
    if (metric === undefined) continue;
    const rows = rowsOf(value as JsonObject, name, entry);
    const language = CODE.exec(name)?.[1] ?? "und";
    tasks.push(taskOf(name, language, metric, rows, value as JsonObject, path));
    scores.push(scoreOf(name, language, metric, entry, rows, model));
  }
  if (tasks.length === 0)
    throw new TiesmithError(
      "DATA_INVALID",
      `Expected a task with ${METRICS.join(" or ")} in ${path}, but found ${Object.keys(results).join(", ") || "none"}`,
      {
        path,
      },
    );
  return { tasks, scores };
}

function rowsOf(value: JsonObject, name: string, entry: JsonObject): number {
  const counts = isJsonObject(value["n-samples"]) ? value["n-samples"][name] : undefined;
  const effective = isJsonObject(counts) ? counts.effective : entry.sample_len;
  return typeof effective === "number" ? effective : 0;
}

function taskOf(
  name: string,
  language: string,
  metric: string,
  rows: number,
  value: JsonObject,
  path: string,
): EvaluatedTask {
  const shots = isJsonObject(value["n-shot"]) ? value["n-shot"][name] : 0;
  return {
    task: name,
    title: name,
    column: name,
    language,
    languageName: language,
    split: "test",
    prompt: "lm-evaluation-harness",
    shots: typeof shots === "number" ? shots : 0,
    metric: metric.startsWith("exact_match") ? "exact match" : "accuracy",
    scoring: metric,
    rows,
    data: path,
    drawn: null,
  };
}

function scoreOf(
  name: string,
  language: string,
  metric: (typeof METRICS)[number],
  entry: JsonObject,
  rows: number,
  model: string,
): Score {
  const value = entry[metric] as number;
  const [what, filter] = metric.split(",");
  const told = entry[`${what}_stderr,${filter}`];
  const correct = Math.round(value * rows);
  const estimate = rows > 0 ? accuracy(correct, rows) : { standardError: 0, low: value, high: value };
  const by = (key: string) => (typeof entry[key] === "number" ? (entry[key] as number) : value);
  return {
    model,
    task: name,
    language,
    ...estimate,
    value,
    standardError: typeof told === "number" ? told : estimate.standardError,
    correct,
    rows,
    ...(what === "acc"
      ? { by: { none: value, characters: by("acc_norm,none"), bytes: by("acc_bytes,none") } }
      : {}),
    cachedRows: 0,
    seconds: 0,
    rowsPerSecond: 0,
    evaluatedTokens: 0,
    requestedTokens: 0,
  };
}
