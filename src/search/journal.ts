/**
 * The journal of a search: JSON Lines, appended to and never changed. A line is one write and one fsync. What a kill
 * leaves of a line is ignored, and the next line begins on a line of its own.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync } from "node:fs";
import { systemError } from "../checkpoint/system-error.ts";
import { TiesmithError } from "../errors.ts";
import type { EvaluationResults } from "../evaluate/results.ts";
import { writeAll } from "../execute/write-all.ts";
import type { Parameters, SearchResults, TestedModel, TrialScore } from "./results.ts";

/** Raised when a key changes its meaning. */
export const JOURNAL_FORMAT = 1;

/** What the search is: all that results tell beside what came out. */
export interface BeginRecord {
  readonly kind: "begin";
  readonly format: typeof JOURNAL_FORMAT;
  readonly digest: string;
  readonly createdAt: string;
  readonly search: Pick<
    SearchResults,
    "tiesmith" | "spec" | "strategy" | "seed" | "halving" | "objective" | "methods" | "tunedOn" | "notes"
  > & {
    /** Rows of each task in the rounds of halving; the last has all. */
    readonly rounds: readonly number[];
    readonly hasFinal: boolean;
  };
}

/** A candidate in one round. */
export interface TrialRecord {
  readonly kind: "trial";
  /** The claim's key: `METHOD-NUMBER`, with halving `METHOD-NUMBER-ROUND`. */
  readonly key: string;
  readonly method: string;
  readonly number: number;
  readonly round: number;
  readonly parameters: Parameters;
  readonly status: "done" | "failed";
  readonly objective: number | null;
  readonly scores: readonly TrialScore[];
  readonly rows: number;
  readonly mergeSeconds: number;
  readonly evaluateSeconds: number;
  readonly evaluatedRows: number;
  readonly evaluatedTokens: number;
  readonly recipeHash: string;
  readonly modelHash: string | null;
  readonly error: string | null;
  readonly host: string;
  readonly pid: number;
  readonly finishedAt: string;
}

export interface TestRecord {
  readonly kind: "test";
  readonly key: "test";
  readonly models: readonly TestedModel[];
  readonly results: EvaluationResults;
  readonly seconds: number;
  readonly finishedAt: string;
}

export type JournalRecord = BeginRecord | TrialRecord | TestRecord;

/** What a journal tells; of several lines about one trial the first counts. */
export interface JournalState {
  readonly begin: BeginRecord | null;
  readonly trials: ReadonlyMap<string, TrialRecord>;
  readonly test: TestRecord | null;
}

/** @throws {TiesmithError} `IO_FAILED`, `NO_PERMISSION`; `SEARCH_INVALID` if there is none, or of a later format */
export function readJournal(path: string): JournalState {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw systemError(error, path, "a search's journal", "SEARCH_INVALID");
  }
  let begin: BeginRecord | null = null;
  let test: TestRecord | null = null;
  const trials = new Map<string, TrialRecord>();
  // What stands after the last line's end is not whole.
  for (const line of text.split("\n").slice(0, -1)) {
    const record = recordOf(line);
    if (record?.kind === "begin") begin = checkFormat(record, path);
    if (record?.kind === "test") test ??= record;
    if (record?.kind === "trial" && !trials.has(record.key)) trials.set(record.key, record);
  }
  return { begin, trials, test };
}

/** Appends a record, and returns when it is on the disk. */
export function appendToJournal(path: string, record: JournalRecord): void {
  const descriptor = openSync(path, "a+");
  try {
    const start = endsWhole(descriptor) ? "" : "\n";
    writeAll(descriptor, Buffer.from(`${start}${JSON.stringify(record)}\n`));
    fsyncSync(descriptor);
  } catch (error) {
    throw systemError(error, path, "a search's journal", "IO_FAILED");
  } finally {
    closeSync(descriptor);
  }
}

function endsWhole(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  return size === 0 || readSync(descriptor, last, 0, 1, size - 1) !== 1 || last[0] === 0x0a;
}

function recordOf(line: string): JournalRecord | null {
  try {
    return JSON.parse(line) as JournalRecord | null;
  } catch {
    return null;
  }
}

function checkFormat(record: BeginRecord, path: string): BeginRecord {
  if (record.format === JOURNAL_FORMAT) return record;
  throw new TiesmithError(
    "SEARCH_INVALID",
    `Expected a journal of format ${JOURNAL_FORMAT} at ${path}, but found format ${record.format}; read it with the tiesmith that wrote it`,
    { path },
  );
}
