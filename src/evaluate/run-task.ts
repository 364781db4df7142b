/** One model on one task: asks what is not known yet, keeps every answer, scores them all. */
import type { ModelAnswer, ModelSession } from "./backend.ts";
import type { PredictionStore } from "./prediction-store.ts";
import type { Score } from "./results.ts";
import { NORMALIZATIONS, type Prediction, scoreAnswer } from "./scoring.ts";
import type { SelectedTask } from "./selection.ts";
import { accuracy } from "./statistics.ts";

export interface TaskRun {
  readonly score: Score;
  readonly predictions: readonly Prediction[];
}

export interface TaskRunHooks {
  /** Rows whose answer is known, among them those of earlier runs. */
  answered(rows: number): void;
  readonly signal: AbortSignal | undefined;
}

/** @param open gives the model, which is opened only if there is something to ask */
export async function runTask(
  modelName: string,
  { file, facts, items }: SelectedTask,
  store: PredictionStore,
  open: () => Promise<ModelSession>,
  hooks: TaskRunHooks,
): Promise<TaskRun> {
  const started = performance.now();
  const answers: (ModelAnswer | undefined)[] = items.map((item) => store.get(item.requestHash));
  const missing = items.flatMap((item, index) => (answers[index] === undefined ? [{ item, index }] : []));
  const cachedRows = items.length - missing.length;
  hooks.answered(cachedRows);
  let [evaluatedTokens, requestedTokens] = [0, 0];
  if (missing.length > 0) {
    const session = await open();
    const before = { ...session.usage };
    const requests = missing.map(({ item }) => item.request);
    await session.run(
      requests,
      (at, answer) => {
        const { item, index } = missing[at] as (typeof missing)[number];
        answers[index] = answer;
        store.add(item.requestHash, answer);
        hooks.answered(1);
      },
      hooks.signal,
    );
    evaluatedTokens = session.usage.evaluatedTokens - before.evaluatedTokens;
    requestedTokens = session.usage.requestedTokens - before.requestedTokens;
  }
  const predictions = items.map((item, index) =>
    scoreAnswer(item, answers[index] as ModelAnswer, file.task.scoring),
  );
  const seconds = (performance.now() - started) / 1000;
  const score: Score = {
    model: modelName,
    task: facts.task,
    language: facts.language,
    ...scoreOf(predictions),
    cachedRows,
    seconds,
    rowsPerSecond: missing.length / seconds,
    evaluatedTokens,
    requestedTokens,
  };
  return { score, predictions };
}

/** The numbers of a set of predictions; what re-scoring gives too. */
export function scoreOf(predictions: readonly Prediction[]) {
  const rows = predictions.length;
  const correct = predictions.filter((prediction) => prediction.correct).length;
  const shares = NORMALIZATIONS.map(
    (by) => [by, predictions.filter((row) => row.by?.[by]).length / rows] as const,
  );
  const isRanking = predictions[0]?.by !== undefined;
  return {
    ...accuracy(correct, rows),
    correct,
    rows,
    ...(isRanking
      ? { by: Object.fromEntries(shares) as NonNullable<Score["by"]> }
      : { unparsable: unparsableOf(predictions) }),
  };
}

function unparsableOf(predictions: readonly Prediction[]): NonNullable<Score["unparsable"]> | null {
  if (predictions.some(({ bytes }) => bytes == null)) return null;
  const places = predictions.flatMap(({ unparsableAt }) => (unparsableAt == null ? [] : [unparsableAt]));
  places.sort((a, b) => a - b);
  const count = places.length;
  return {
    count,
    share: count / predictions.length,
    medianFirstByte: places[Math.floor((count - 1) / 2)] ?? null,
  };
}
