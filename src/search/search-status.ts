/** A search as it stands: read from its journal and its claims, without its spec, models or tasks. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Claims } from "./claims.ts";
import { readJournal } from "./journal.ts";
import type { Parameters, SearchResults } from "./results.ts";
import { journalPath } from "./search-folder.ts";
import { summarise } from "./summarise.ts";

export interface SearchStatus {
  readonly results: SearchResults;
  /** Trials that somebody works on, as far as can be seen from here. */
  readonly running: readonly {
    readonly trial: string;
    readonly parameters: Parameters | null;
    readonly host: string;
    readonly pid: number;
  }[];
}

export function readSearch(path: string): SearchResults {
  const journal = journalPath(path);
  return summarise(readJournal(journal), journal);
}

export function searchStatus(path: string): SearchStatus {
  const results = readSearch(path);
  const folder = join(dirname(journalPath(path)), "claims");
  const claims = existsSync(folder) ? new Claims(folder).running() : [];
  const running = claims.map(({ key, record: { parameters, owner } }) => {
    return { trial: key, parameters, host: owner.host, pid: owner.pid };
  });
  return { results, running };
}
