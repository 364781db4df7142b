/** The folder of a search: journal, claims, answers under way. Several processes may use one. */
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TiesmithError } from "../errors.ts";
import { Claims } from "./claims.ts";
import {
  appendToJournal,
  type BeginRecord,
  type JournalRecord,
  type JournalState,
  readJournal,
} from "./journal.ts";
import type { SearchResults } from "./results.ts";

const JOURNAL = "journal.jsonl";
const OWN = [JOURNAL, "claims", "answers", "cuts", "results.json"];

/** The journal of a search that is named by its folder or by the journal itself. */
export function journalPath(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? join(path, JOURNAL) : path;
}

export class SearchFolder {
  readonly path: string;
  readonly journal: string;
  readonly claims: Claims;

  constructor(path: string, options: { restart: boolean; leaseSeconds: number | undefined }) {
    this.path = resolve(path);
    this.journal = join(this.path, JOURNAL);
    if (options.restart)
      for (const name of OWN) rmSync(join(this.path, name), { recursive: true, force: true });
    mkdirSync(this.path, { recursive: true });
    this.claims = new Claims(join(this.path, "claims"), options.leaseSeconds);
  }

  /**
   * Begins a search, or goes on with it.
   * @throws {TiesmithError} `RESUME_MISMATCH` if the journal is that of another search
   */
  begin(begin: BeginRecord): void {
    const found = existsSync(this.journal) ? readJournal(this.journal).begin : null;
    if (found !== null && found.digest !== begin.digest)
      throw new TiesmithError(
        "RESUME_MISMATCH",
        `Expected ${this.path} to hold this search, but it holds one of other methods, models, rows or settings; give another --out, or discard it with --restart`,
        { out: this.path },
      );
    const counts = (record: BeginRecord) =>
      JSON.stringify(record.search.methods.map((own) => own.trialCount));
    // More trials of the same search are allowed: the last record counts.
    if (found === null || counts(found) !== counts(begin)) appendToJournal(this.journal, begin);
  }

  /** What is known, with outcomes that a killed process had kept but not yet written down, or whose line got lost. */
  state(): JournalState {
    const state = readJournal(this.journal);
    const isKnown = (key: string) => state.trials.has(key) || (key === "test" && state.test !== null);
    const missing = this.claims.finished(isKnown);
    if (missing.length === 0) return state;
    for (const key of missing)
      appendToJournal(this.journal, JSON.parse(this.claims.outcomeOf(key)) as JournalRecord);
    return readJournal(this.journal);
  }

  /** Where the answers of a trial are kept until it is done. */
  answersOf(key: string): string {
    return join(this.path, "answers", key);
  }

  removeAnswers(key: string): void {
    rmSync(this.answersOf(key), { recursive: true, force: true });
  }

  /** Cuts that candidates have in common. */
  get cuts(): string {
    return join(this.path, "cuts");
  }

  /** Replaces results.json as a whole, and removes what only trials need. */
  finish(results: SearchResults): void {
    const draft = join(this.path, `.results-${process.pid}.json`);
    writeFileSync(draft, `${JSON.stringify(results, null, 2)}\n`, { flush: true });
    renameSync(draft, join(this.path, "results.json"));
    for (const name of ["answers", "cuts"]) rmSync(join(this.path, name), { recursive: true, force: true });
  }
}
