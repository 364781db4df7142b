/** A search: claims one trial after another, merges, scores, writes down; then tests the winners once. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { TiesmithError } from "../errors.ts";
import type { EvaluationResults, Score } from "../evaluate/results.ts";
import { mergeInput, recipeAt, recipeHash, recipeText } from "./candidate-recipe.ts";
import { type Candidate, CandidateRunner } from "./candidates.ts";
import type { Claim } from "./claims.ts";
import { appendToJournal, type JournalState, type TestRecord, type TrialRecord } from "./journal.ts";
import { objectiveOf } from "./objective.ts";
import { tellTrial } from "./on-trial.ts";
import { type PreparedSearch, prepareSearch } from "./prepare-search.ts";
import type { SearchResults, TestedModel, Trial, TrialScore } from "./results.ts";
import type { Job } from "./schedule.ts";
import { SearchFolder } from "./search-folder.ts";
import type { SearchOptions, SearchProgress } from "./search-options.ts";
import type { SearchInput } from "./spec.ts";
import { summarise } from "./summarise.ts";
import { removeAbandoned } from "./temporary-folder.ts";
import { firstRows } from "./tuning-rows.ts";

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
  try {
    return await run.all();
  } catch (error) {
    if (!(error instanceof TiesmithError) || error.code !== "INTERRUPTED") throw error;
    const message = `The search was interrupted; ${folder.path} keeps what is done: go on with the same command`;
    throw new TiesmithError("INTERRUPTED", message, { out: folder.path });
  } finally {
    await run.close();
  }
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
    await this.#tell(job);
  }

  async #tell({ method, number }: Job): Promise<void> {
    const { onTrial, onNote } = this.#options;
    if (onTrial === undefined) return;
    const { trials } = this.results(this.#folder.state());
    const trial = trials.find((own) => own.method === method.name && own.number === number) as Trial;
    const problem = await tellTrial(onTrial, trial);
    if (problem !== null) onNote?.(`--on-trial failed for ${trial.id}: ${problem}`);
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
        this.#candidate(job),
        selected,
        this.#folder.answersOf(`${method.name}-${number}`),
        ({ doneRows, totalRows }) => this.#report(state, key, doneRows, totalRows),
      );
      const scores = scored.results.scores.map(trialScore);
      const { mergeSeconds, evaluateSeconds, modelHash } = scored;
      const objective = objectiveOf(spec.objective, scores);
      const asked = { ...askedOf(scored.results), mergeSeconds, evaluateSeconds, modelHash };
      return { ...facts, ...asked, status: "done", objective, scores, error: null, finishedAt: now() };
    } catch (error) {
      if (!(error instanceof TiesmithError) || !CANDIDATE_FAILURES.includes(error.code)) throw error;
      const seconds = { mergeSeconds: (performance.now() - started) / 1000, evaluateSeconds: 0 };
      const nothing = { evaluatedRows: 0, evaluatedTokens: 0, modelHash: null, objective: null, scores: [] };
      return { ...facts, ...seconds, ...nothing, status: "failed", error: error.message, finishedAt: now() };
    }
  }

  #candidate({ method, parameters }: Pick<Job, "method" | "parameters">): Candidate {
    const recipe = mergeInput(recipeAt(method, parameters));
    const hash = recipeHash(JSON.stringify([recipe, this.#prepared.inputsHash])).slice(0, 32);
    return { name: method.name, recipe, hash };
  }

  /** Evaluates winners and unmerged models on the test rows; false if another process does. */
  async #test(state: JournalState): Promise<boolean> {
    const claim = this.#folder.claims.tryClaim("test", null);
    if (claim === null) return false;
    await this.#claimed(claim, async () => {
      const record = await this.#testRecord(state);
      if (claim.finish(JSON.stringify(record))) appendToJournal(this.#folder.journal, record);
      this.#folder.removeAnswers("test");
    });
    return true;
  }

  async #testRecord(state: JournalState): Promise<TestRecord> {
    const { spec, tasks } = this.#prepared;
    const { winners, best } = this.results(state);
    if (winners.length === 0)
      throw new TiesmithError(
        "BACKEND_FAILED",
        `Expected a candidate with a score, but all ${state.trials.size} failed: ${[...state.trials.values()][0]?.error}`,
      );
    const candidates = winners.map(({ method, parameters }) =>
      this.#candidate({
        method: spec.methods.find(({ name }) => name === method) as Job["method"],
        parameters,
      }),
    );
    const started = performance.now();
    const runner = await this.#startedRunner();
    const models = spec.final?.models ?? [];
    const results = await runner.compare(models, candidates, tasks.test ?? [], {
      answers: this.#folder.answersOf("test"),
      onProgress: ({ doneRows, totalRows }) => this.#report(state, "test", doneRows, totalRows),
    });
    const tested = results.models.map(({ name }, i): TestedModel => {
      const winner = winners[i - models.length];
      if (winner === undefined) return { name, kind: "unmerged", method: null, trial: null, isBest: false };
      const { method, trial } = winner;
      return { name, kind: "winner", method, trial, isBest: method === best };
    });
    const seconds = (performance.now() - started) / 1000;
    // Where a candidate lay for a moment means nothing afterwards.
    const named = results.models.map((model, i) =>
      i < models.length ? model : { ...model, reference: tested[i]?.trial ?? "" },
    );
    return {
      kind: "test",
      key: "test",
      models: tested,
      results: { ...results, models: named },
      seconds,
      finishedAt: now(),
    };
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

function now(): string {
  return new Date().toISOString();
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
