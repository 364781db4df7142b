/** A search: claims one trial after another, merges, scores, writes down; then tests the winners once. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { TiesmithError } from "../errors.ts";
import type { EvaluationResults, Score } from "../evaluate/results.ts";
import { removeAbandoned } from "../evaluate/temporary-folder.ts";
import { recipeHash, recipeText } from "./candidate-recipe.ts";
import { CandidateRunner } from "./candidates.ts";
import type { Claim } from "./claims.ts";
import { candidateOf, finalEvaluation } from "./final-evaluation.ts";
import { appendToJournal, type JournalState, type TrialRecord } from "./journal.ts";
import { objectiveOf } from "./objective.ts";
import { tellTrial } from "./on-trial.ts";
import { type PreparedSearch, prepareSearch } from "./prepare-search.ts";
import type { SearchResults, Trial, TrialScore } from "./results.ts";
import type { Job } from "./schedule.ts";
import { SearchFolder } from "./search-folder.ts";
import type { SearchOptions, SearchProgress } from "./search-options.ts";
import type { SearchInput } from "./spec.ts";
import { summarise } from "./summarise.ts";
import { firstRows } from "./tuning-rows.ts";
import { Workers } from "./workers.ts";

/** Failures that are the candidate's own: it has no score, and the search goes on. */
const CANDIDATE_FAILURES = ["OVERFLOW", "NOT_FINITE", "BACKEND_FAILED"];

/** Milliseconds between looks at the journal while others have the last trials. */
const POLL = 500;

/** Milliseconds until another look when a trial was just taken. */
const RETRY = 20;

/** See `api.ts`. */
export async function runSearch(input: string | SearchInput, options: SearchOptions): Promise<SearchResults> {
  const prepared = await prepareSearch(input, options.backend ?? { kind: "llama" });
  const { restart = false, leaseSeconds } = options;
  const folder = new SearchFolder(outFolder(prepared, options), { restart, leaseSeconds });
  folder.begin(prepared.begin);
  removeAbandoned(options.temporary);
  const run = new SearchRun(prepared, folder, options);
  const workers = startWorkers(input, folder, options, (trial) => run.tell(trial));
  try {
    const results = await run.all();
    await workers?.ended();
    await run.told();
    return results;
  } catch (error) {
    if (!(error instanceof TiesmithError) || error.code !== "INTERRUPTED") throw error;
    const message = `The search was interrupted; ${folder.path} keeps what is done: go on with the same command`;
    throw new TiesmithError("INTERRUPTED", message, { out: folder.path });
  } finally {
    await Promise.all([run.close(), workers?.stop()]);
  }
}

function startWorkers(
  input: string | SearchInput,
  { path }: SearchFolder,
  { jobs = 1, backend, threads, temporary, leaseSeconds, onNote }: SearchOptions,
  tell: (trial: Trial) => void,
): Workers | null {
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    throw new TiesmithError("USAGE", `Expected jobs as a whole number of at least 1, but received ${jobs}`, {
      option: "--jobs",
    });
  if (jobs === 1) return null;
  const options = { out: path, backend, threads, temporary, leaseSeconds };
  return new Workers(jobs - 1, { input, options }, (answer) => {
    if ("trial" in answer) tell(answer.trial);
    else onNote?.(`a helping process has ended, the others do its work: ${answer.problem}`);
  });
}

/** `search.yaml` → `search/` beside it. */
function outFolder({ spec }: PreparedSearch, { out }: SearchOptions): string {
  const fallback = spec.path?.replace(/\.[^./]+$/, "");
  if (out !== undefined) return out;
  if (fallback !== undefined && fallback !== spec.path) return fallback;
  throw new TiesmithError("USAGE", "Expected out, the folder of the search, but found none", {
    option: "--out",
  });
}

class SearchRun {
  readonly #prepared: PreparedSearch;
  readonly #folder: SearchFolder;
  readonly #options: SearchOptions;
  readonly #started = performance.now();
  #runner: CandidateRunner | null = null;
  #told = Promise.resolve();

  constructor(prepared: PreparedSearch, folder: SearchFolder, options: SearchOptions) {
    this.#prepared = prepared;
    this.#folder = folder;
    this.#options = options;
  }

  async all(): Promise<SearchResults> {
    const { schedules, spec } = this.#prepared;
    for (;;) {
      this.#throwIfAborted();
      const state = this.#folder.state();
      this.#report(state, null, 0, 0);
      const areDone = schedules.every((schedule) => schedule.isDone(state));
      if (areDone && (spec.final === null || state.test !== null)) break;
      const worked = areDone ? await this.#test(state) : await this.#nextTrial(state);
      if (!worked) await this.#wait();
    }
    const results = this.results(this.#folder.state());
    this.#folder.finish(results);
    return results;
  }

  results(state: JournalState): SearchResults {
    return summarise(state, this.#folder.journal);
  }

  async close(): Promise<void> {
    await this.#runner?.close();
  }

  /** Claims and runs one trial; false if there is none to have. */
  async #nextTrial(state: JournalState): Promise<boolean> {
    const running = this.#folder.claims.running();
    const pending = new Map(running.map(({ key, record }) => [key, record.parameters ?? {}]));
    for (const schedule of this.#prepared.schedules) {
      for (const job of schedule.jobs(state, pending)) {
        if (pending.has(job.key)) continue;
        const claim = this.#folder.claims.tryClaim(job.key, job.parameters);
        // Somebody was faster: what is left to try depends on it.
        if (claim === null) return sleep(RETRY, true);
        await this.#claimed(claim, () => this.#trial(job, claim));
        return true;
      }
    }
    return false;
  }

  /** Whatever comes of the work, the claim ends: others may have it, or see to an outcome that was kept. */
  async #claimed(claim: Claim, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } finally {
      claim.release();
    }
  }

  async #trial(job: Job, claim: Claim): Promise<void> {
    const record = await this.#score(job);
    if (claim.finish(JSON.stringify(record))) appendToJournal(this.#folder.journal, record);
    const isLast = job.round === this.#prepared.rounds.length - 1;
    if (isLast) this.#folder.removeAnswers(`${job.method.name}-${job.number}`);
    if (this.#options.onTrial === undefined) return;
    const { trials } = this.results(this.#folder.state());
    await this.tell(trials.find(({ id }) => id === `${job.method.name}-${job.number}`) as Trial);
  }

  /** Tells the listener of a trial of this process, or of one that helps it; of one after the other. */
  tell(trial: Trial): Promise<void> {
    const { onTrial, onNote } = this.#options;
    if (onTrial === undefined) return this.#told;
    this.#told = this.#told.then(async () => {
      const problem = await tellTrial(onTrial, trial);
      if (problem !== null) onNote?.(`--on-trial failed for ${trial.id}: ${problem}`);
    });
    return this.#told;
  }

  /** Everything has been told. */
  told(): Promise<void> {
    return this.#told;
  }

  async #score(job: Job): Promise<TrialRecord> {
    const { rounds, tasks, spec } = this.#prepared;
    const { key, method, number, round, parameters } = job;
    const text = recipeText(method, parameters);
    const rows = rounds[round] as number;
    const facts = {
      kind: "trial" as const,
      ...{ key, method: method.name, number, round, parameters, rows },
      recipeHash: recipeHash(text),
      host: hostname(),
      pid: process.pid,
    };
    const selected = tasks.dev.map((task) => firstRows(task, spec.seed, rows));
    const state = this.#folder.state();
    const started = performance.now();
    try {
      const runner = await this.#startedRunner();
      const scored = await runner.score(
        candidateOf(job, this.#prepared),
        selected,
        this.#folder.answersOf(`${method.name}-${number}`),
        ({ doneRows, totalRows }) => this.#report(state, key, doneRows, totalRows),
      );
      const scores = scored.results.scores.map(trialScore);
      const { mergeSeconds, evaluateSeconds, modelHash } = scored;
      const objective = objectiveOf(spec.objective, scores);
      const asked = { ...askedOf(scored.results), mergeSeconds, evaluateSeconds, modelHash };
      return {
        ...facts,
        ...asked,
        status: "done",
        objective,
        scores,
        error: null,
        finishedAt: new Date().toISOString(),
      };
    } catch (error) {
      if (!(error instanceof TiesmithError) || !CANDIDATE_FAILURES.includes(error.code)) throw error;
      const seconds = { mergeSeconds: (performance.now() - started) / 1000, evaluateSeconds: 0 };
      const nothing = { evaluatedRows: 0, evaluatedTokens: 0, modelHash: null, objective: null, scores: [] };
      return {
        ...facts,
        ...seconds,
        ...nothing,
        status: "failed",
        error: error.message,
        finishedAt: new Date().toISOString(),
      };
    }
  }

  /** Evaluates winners and unmerged models on the test rows; false if another process does. */
  async #test(state: JournalState): Promise<boolean> {
    const claim = this.#folder.claims.tryClaim("test", null);
    if (claim === null) return false;
    await this.#claimed(claim, async () => {
      const results = this.results(state);
      refuseNoWinner(results);
      const record = await finalEvaluation(results, this.#prepared, await this.#startedRunner(), {
        answers: this.#folder.answersOf("test"),
        onProgress: ({ doneRows, totalRows }) => this.#report(state, "test", doneRows, totalRows),
      });
      if (claim.finish(JSON.stringify(record))) appendToJournal(this.#folder.journal, record);
      this.#folder.removeAnswers("test");
    });
    return true;
  }

  async #startedRunner(): Promise<CandidateRunner> {
    const { backend = { kind: "llama" }, temporary, threads, signal } = this.#options;
    const bytes = this.#prepared.candidateBytes;
    const { cuts } = this.#folder;
    this.#runner ??= await CandidateRunner.start({ backend, bytes, cuts, temporary, threads, signal });
    return this.#runner;
  }

  #report(state: JournalState, trial: string | null, doneRows: number, totalRows: number): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const records = [...state.trials.values()];
    const scored = records.filter(({ round }) => round === this.#prepared.rounds.length - 1);
    const best = scored.reduce<number | null>(
      (most, { objective }) => (objective === null ? most : Math.max(most ?? 0, objective)),
      null,
    );
    const progress: SearchProgress = {
      phase: trial === "test" ? "test" : trial === null ? "look" : "trial",
      trial,
      doneTrials: records.length,
      totalTrials: this.#prepared.plannedTrials,
      doneRows,
      totalRows,
      best,
      seconds: (performance.now() - this.#started) / 1000,
    };
    onProgress(progress);
  }

  async #wait(): Promise<void> {
    // Processes that wait for each other should not look at the same moment.
    await sleep(POLL * (0.5 + Math.random()), undefined, { signal: this.#options.signal }).catch(() => {});
  }

  #throwIfAborted(): void {
    if (this.#options.signal?.aborted) throw new TiesmithError("INTERRUPTED", "The search was interrupted");
  }
}

/** @throws {TiesmithError} `BACKEND_FAILED` telling why candidates failed */
function refuseNoWinner({ winners, trials }: SearchResults): void {
  if (winners.length > 0) return;
  const why = trials[0]?.error ?? "";
  const message = `Expected a candidate with a score, but all ${trials.length} failed: ${why}`;
  throw new TiesmithError("BACKEND_FAILED", message);
}

function trialScore({ task, language, value, standardError, low, high, correct, rows }: Score): TrialScore {
  return { task, language, value, standardError, low, high, correct, rows };
}

/** Rows that an earlier round had answered cost nothing. */
function askedOf({ scores }: EvaluationResults): { evaluatedRows: number; evaluatedTokens: number } {
  return {
    evaluatedRows: scores.reduce((sum, { rows, cachedRows }) => sum + rows - cachedRows, 0),
    evaluatedTokens: scores.reduce((sum, score) => sum + score.evaluatedTokens, 0),
  };
}
