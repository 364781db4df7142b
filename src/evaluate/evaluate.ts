/** Models on tasks: what a merge is worth (paper, section 4). */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TiesmithError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { Backend, EvaluatedModel, ModelSession } from "./backend.ts";
import { type BackendOptions, startBackend } from "./backend-options.ts";
import { defaultCacheFolder, PredictionStore } from "./prediction-store.ts";
import {
  type AverageScore,
  type Comparison,
  type EvaluationResults,
  RESULTS_FORMAT,
  type Score,
  type TaskPredictions,
} from "./results.ts";
import { runTask, type TaskRun } from "./run-task.ts";
import { type SelectedTask, type SelectionOptions, selectTasks } from "./selection.ts";
import { average, pairedBootstrap } from "./statistics.ts";

/** How far an evaluation has come. */
export interface EvaluationProgress {
  readonly model: string;
  readonly task: string;
  readonly language: string;
  readonly doneRows: number;
  readonly totalRows: number;
  /** Of the done ones, those that an earlier run had answered. */
  readonly cachedRows: number;
  readonly seconds: number;
}

export interface EvaluateOptions extends SelectionOptions {
  readonly backend?: BackendOptions | undefined;
  /** Where answers are kept; default `~/.cache/tiesmith/evaluations`. */
  readonly cache?: string | undefined;
  /** A folder for results.json and every prediction. */
  readonly out?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  /** Hears the rows of each model on each task when they are scored; what a report lists. */
  readonly onPredictions?: ((rows: TaskPredictions) => void) | undefined;
}

/** See `api.ts`. */
export async function evaluate(
  models: readonly string[],
  tasks: readonly string[],
  options: EvaluateOptions = {},
): Promise<EvaluationResults> {
  if (models.length === 0) throw new TiesmithError("USAGE", "Expected at least one model, but found none");
  const cache = resolve(options.cache ?? defaultCacheFolder());
  const selected = await selectTasks(tasks, options);
  const backend = await startBackend(options.backend ?? { kind: "llama" }, cache, options.signal);
  try {
    return await evaluateWith(backend, models, selected, { ...options, cache });
  } finally {
    await backend.close();
  }
}

/** What {@link evaluateWith} is told beyond models and tasks. */
export type RunOptions = Pick<EvaluateOptions, "out" | "signal" | "onProgress" | "onPredictions"> & {
  readonly cache: string;
};

/** Evaluates with a backend that runs already, on tasks that have been read. */
export async function evaluateWith(
  backend: Backend,
  models: readonly string[],
  selected: readonly SelectedTask[],
  options: RunOptions,
): Promise<EvaluationResults> {
  const evaluated = await identifyAll(backend, models);
  const runs = await runAll(backend, evaluated, selected, options);
  const results = resultsOf(backend, evaluated, selected, runs);
  if (options.out !== undefined) writeResults(options.out, results, selected, runs);
  return results;
}

/** Models of one name are told apart by a number. */
async function identifyAll(backend: Backend, references: readonly string[]): Promise<EvaluatedModel[]> {
  const models: EvaluatedModel[] = [];
  for (const reference of references) {
    const model = await backend.identify(reference);
    const same = models.filter(({ name }) => name.replace(/ \(\d+\)$/, "") === model.name).length;
    models.push(same === 0 ? model : { ...model, name: `${model.name} (${same + 1})` });
  }
  return models;
}

interface ModelRuns {
  readonly model: EvaluatedModel;
  /** In the order of the tasks. */
  readonly runs: readonly TaskRun[];
}

async function runAll(
  backend: Backend,
  models: readonly EvaluatedModel[],
  tasks: readonly SelectedTask[],
  options: RunOptions,
): Promise<ModelRuns[]> {
  const report = progressOf(models.length, tasks, options);
  const all: ModelRuns[] = [];
  for (const model of models) {
    if (options.signal?.aborted) throw new TiesmithError("INTERRUPTED", "The evaluation was interrupted");
    const opened = new OpenedModel(backend, model, tasks);
    try {
      const runs: TaskRun[] = [];
      for (const task of tasks) {
        const { facts } = task;
        const name = `${facts.task}-${facts.language}-${facts.split}`;
        const settings = backend.settingsOf();
        const store = new PredictionStore(options.cache, { modelHash: model.hash, settings, task: name });
        const hooks = { answered: report(model.name, task), signal: options.signal };
        const run = await runTask(model.name, task, store, () => opened.session(), hooks);
        const { predictions } = run;
        const { task: taskName, language, split } = facts;
        options.onPredictions?.({ model: model.name, task: taskName, language, split, predictions });
        runs.push(run);
      }
      all.push({ model, runs });
    } finally {
      await opened.close();
    }
  }
  return all;
}

/** Opened when it is first needed; then everything that it will be asked is checked before it is run. */
class OpenedModel {
  readonly #backend: Backend;
  readonly #model: EvaluatedModel;
  readonly #tasks: readonly SelectedTask[];
  #session: ModelSession | undefined;

  constructor(backend: Backend, model: EvaluatedModel, tasks: readonly SelectedTask[]) {
    this.#backend = backend;
    this.#model = model;
    this.#tasks = tasks;
  }

  async session(): Promise<ModelSession> {
    if (this.#session !== undefined) return this.#session;
    this.#session = await this.#backend.open(this.#model);
    for (const { items } of this.#tasks) this.#session.check(items.map(({ request }) => request));
    return this.#session;
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }
}

function progressOf(modelCount: number, tasks: readonly SelectedTask[], { onProgress }: RunOptions) {
  const started = performance.now();
  const totalRows = modelCount * tasks.reduce((sum, { items }) => sum + items.length, 0);
  let [doneRows, cachedRows] = [0, 0];
  return (model: string, { facts }: SelectedTask) => {
    let isFirst = true;
    return (rows: number): void => {
      doneRows += rows;
      if (isFirst) cachedRows += rows;
      isFirst = false;
      const seconds = (performance.now() - started) / 1000;
      onProgress?.({
        model,
        task: facts.task,
        language: facts.language,
        doneRows,
        totalRows,
        cachedRows,
        seconds,
      });
    };
  };
}

function resultsOf(
  backend: Backend,
  models: readonly EvaluatedModel[],
  tasks: readonly SelectedTask[],
  runs: readonly ModelRuns[],
): EvaluationResults {
  const scores = runs.flatMap((model) => model.runs.map(({ score }) => score));
  return {
    format: RESULTS_FORMAT,
    tiesmith: VERSION,
    createdAt: new Date().toISOString(),
    backend: backend.settingsOf(),
    models,
    tasks: tasks.map(({ facts }) => facts),
    scores,
    averages: models.flatMap(({ name }) => averagesOf(name, scores)),
    comparisons: comparisonsOf(runs, tasks),
    notes: [],
  };
}

/** Means over tasks for each language, then over languages, as in Table 3. */
export function averagesOf(model: string, scores: readonly Score[]): AverageScore[] {
  const own = scores.filter((score) => score.model === model);
  const languages = [...new Set(own.map(({ language }) => language))];
  const byLanguage = languages.map((language) => ({
    model,
    language,
    ...average(own.filter((score) => score.language === language)),
  }));
  return [...byLanguage, { model, language: null, ...average(byLanguage) }];
}

function comparisonsOf(
  [first, ...others]: readonly ModelRuns[],
  tasks: readonly SelectedTask[],
): Comparison[] {
  const rightness = ({ predictions }: TaskRun) => predictions.map(({ correct }) => correct);
  return others.flatMap((other) =>
    tasks.map(({ facts }, i) => ({
      first: other.model.name,
      second: (first as ModelRuns).model.name,
      task: facts.task,
      language: facts.language,
      ...pairedBootstrap(
        rightness(other.runs[i] as TaskRun),
        rightness((first as ModelRuns).runs[i] as TaskRun),
      ),
    })),
  );
}

function writeResults(
  out: string,
  results: EvaluationResults,
  tasks: readonly SelectedTask[],
  models: readonly ModelRuns[],
): void {
  const folder = join(resolve(out), "predictions");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(resolve(out), "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  for (const { model, runs } of models) {
    for (const [i, { predictions }] of runs.entries()) {
      const { facts } = tasks[i] as SelectedTask;
      const name = [model.name, facts.task, facts.language, facts.split]
        .join(".")
        .replace(/[^\w.() -]/g, "_");
      const lines = predictions.map((prediction) => `${JSON.stringify(prediction)}\n`);
      writeFileSync(join(folder, `${name}.jsonl`), lines.join(""));
    }
  }
}
