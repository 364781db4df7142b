/** From a journal to results: a search can be looked at while it runs, and from any machine. */
import { TiesmithError } from "../errors.ts";
import { survivorCount } from "./halving.ts";
import type { BeginRecord, JournalState, TrialRecord } from "./journal.ts";
import {
  SEARCH_FORMAT,
  type SearchCost,
  type SearchMethod,
  type SearchResults,
  type Trial,
  type Winner,
} from "./results.ts";
import { substitute } from "./variables.ts";

/**
 * What a journal comes to so far.
 * @throws {TiesmithError} `SEARCH_INVALID` if the journal has no beginning
 */
export function summarise({ begin, trials: records, test }: JournalState, path: string): SearchResults {
  if (begin === null)
    throw new TiesmithError(
      "SEARCH_INVALID",
      `Expected the beginning of a search in ${path}, but found none`,
      {
        path,
      },
    );
  const { rounds, hasFinal, ...search } = begin.search;
  const trials = trialsOf(begin, [...records.values()]);
  const winners = search.methods.flatMap((method) => winnerOf(method, trials) ?? []);
  const [best] = [...winners].sort((a, b) => b.objective - a.objective);
  const complete = isComplete(begin, [...records.values()]) && (!hasFinal || test !== null);
  return {
    format: SEARCH_FORMAT,
    ...search,
    createdAt: begin.createdAt,
    digest: begin.digest,
    trials,
    complete,
    winners,
    best: best?.method ?? null,
    test: test?.results ?? null,
    testedModels: test?.models ?? [],
    cost: costOf([...records.values()], trials, test?.seconds ?? 0),
  };
}

/** The rounds of a candidate as one trial: scores of the last, times of all. */
function trialsOf({ search }: BeginRecord, records: readonly TrialRecord[]): Trial[] {
  const last = search.rounds.length - 1;
  const byTrial = new Map<string, TrialRecord[]>();
  for (const record of records) {
    const id = `${record.method}-${record.number}`;
    byTrial.set(id, [...(byTrial.get(id) ?? []), record]);
  }
  const order = search.methods.map(({ name }) => name);
  return [...byTrial]
    .map(([id, own]): Trial => {
      const sorted = own.toSorted((a, b) => a.round - b.round);
      const final = sorted.at(-1) as TrialRecord;
      const { method, number, parameters, objective, scores, rows, recipeHash, modelHash, error, host } =
        final;
      return {
        id,
        method,
        number,
        parameters,
        status: final.status === "failed" ? "failed" : final.round < last ? "dropped" : "done",
        objective,
        scores,
        rows,
        mergeSeconds: sum(sorted, (record) => record.mergeSeconds),
        evaluateSeconds: sum(sorted, (record) => record.evaluateSeconds),
        evaluatedTokens: sum(sorted, (record) => record.evaluatedTokens),
        recipeHash,
        modelHash,
        error,
        host,
        finishedAt: final.finishedAt,
      };
    })
    .sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method) || a.number - b.number);
}

function winnerOf(method: SearchMethod, trials: readonly Trial[]): Winner | null {
  const own = trials.filter((trial) => trial.method === method.name && trial.status === "done");
  const [best] = own.sort((a, b) => (b.objective as number) - (a.objective as number) || a.number - b.number);
  if (best === undefined) return null;
  const { id, parameters, scores } = best;
  const recipe = substitute(method.template, parameters);
  return { method: method.name, trial: id, parameters, objective: best.objective as number, scores, recipe };
}

/** Of a finished search every method has its trials, and every round of halving its survivors. */
function isComplete({ search }: BeginRecord, records: readonly TrialRecord[]): boolean {
  const factor = search.halving?.factor ?? 1;
  return search.methods.every(({ name, trialCount }) => {
    const own = records.filter(({ method }) => method === name);
    if (own.filter(({ round }) => round === 0).length < trialCount) return false;
    return search.rounds.slice(1).every((_, i) => {
      const before = own.filter(({ round }) => round === i);
      const expected = Math.min(
        survivorCount(before.length, factor),
        before.filter(({ status }) => status === "done").length,
      );
      return own.filter(({ round }) => round === i + 1).length >= expected;
    });
  });
}

function costOf(records: readonly TrialRecord[], trials: readonly Trial[], testSeconds: number): SearchCost {
  const mergeSeconds = sum(records, (record) => record.mergeSeconds);
  const evaluateSeconds = sum(records, (record) => record.evaluateSeconds);
  const spent = mergeSeconds + evaluateSeconds;
  return {
    trials: trials.length,
    seconds: spent + testSeconds,
    mergeSeconds,
    evaluateSeconds,
    testSeconds,
    mergeShare: spent === 0 ? 0 : mergeSeconds / spent,
    evaluatedRows: sum(records, (record) => record.evaluatedRows),
    evaluatedTokens: sum(records, (record) => record.evaluatedTokens),
    mergeSecondsPerTrial: median(trials.map((trial) => trial.mergeSeconds)),
    evaluateSecondsPerTrial: median(trials.map((trial) => trial.evaluateSeconds)),
    hosts: [...new Set(records.map(({ host }) => host))].sort(),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
