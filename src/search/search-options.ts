/** What callers of a search say and hear: the same for the command line. */
import type { CandidateBackend } from "./candidates.ts";
import type { TrialListener } from "./on-trial.ts";

/** How far a search has come. */
export interface SearchProgress {
  /** `look`: between trials, or while others have the last ones. */
  readonly phase: "look" | "trial" | "test";
  /** What this process is at. */
  readonly trial: string | null;
  /** Of all processes, rounds of halving counted. */
  readonly doneTrials: number;
  readonly totalTrials: number;
  /** Of the trial at hand. */
  readonly doneRows: number;
  readonly totalRows: number;
  /** The best objective so far. */
  readonly best: number | null;
  /** Since this process began. */
  readonly seconds: number;
}

export interface SearchOptions {
  /** The folder of the search; default: the spec's path without `.yaml`. A search that is there goes on. */
  readonly out?: string | undefined;
  /** Discard the search that is there. */
  readonly restart?: boolean | undefined;
  /** How the embedded llama.cpp runs the candidates. */
  readonly backend?: CandidateBackend | undefined;
  /** Processes that work on the search, this one counted; default 1. More pay where a model is small. */
  readonly jobs?: number | undefined;
  /** Threads of merges. */
  readonly threads?: number | undefined;
  /** Where candidates lie while they are scored; default: in memory where they fit, else the system's folder. */
  readonly temporary?: string | undefined;
  /** Seconds without a sign of life after which another machine's trial is taken over; default 120. */
  readonly leaseSeconds?: number | undefined;
  /** Told of every trial of this process, after it has been written down. */
  readonly onTrial?: TrialListener | undefined;
  readonly onProgress?: ((progress: SearchProgress) => void) | undefined;
  /** Hears what went wrong without ending the search. */
  readonly onNote?: ((note: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
