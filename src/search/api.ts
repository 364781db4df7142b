/**
 * What the public API has of searches. Each function loads what it needs when it is called, so that programs that only
 * merge start without tasks and strategies.
 */
import type { SearchResults } from "./results.ts";
import type { SearchOptions } from "./search-options.ts";
import type { SearchStatus } from "./search-status.ts";
import type { SearchInput } from "./spec.ts";

/**
 * Searches the best parameters of merges on dev rows, and evaluates each method's winner once on test rows.
 *
 * A search is its folder: one that was interrupted goes on, several processes may work on one, and one that is complete
 * is only read. No candidate is kept: each is merged where memory or a temporary folder holds it, scored, and removed.
 *
 * @param spec path of a search's YAML, or the same as an object
 * @throws {TiesmithError} all problems of the spec at once: `SEARCH_INVALID`, `RECIPE_INVALID`, `MODEL_NOT_FOUND`,
 * `TASK_INVALID`, `DATA_INVALID`; `RESUME_MISMATCH` if the folder holds another search; whatever ends a merge or an
 * evaluation, but what is a single candidate's fault; `INTERRUPTED`
 * @example
 * const { best, winners } = await search("search.yaml", { out: "runs" });
 */
export async function search(
  spec: string | SearchInput,
  options: SearchOptions = {},
): Promise<SearchResults> {
  const { runSearch } = await import("./run-search.ts");
  return runSearch(spec, options);
}

/**
 * What a search has come to so far, from its journal alone; also while it runs.
 *
 * @param path the search's folder, or its journal
 * @throws {TiesmithError} `SEARCH_INVALID` if there is no search
 * @example
 * const { winners } = await readSearch("runs");
 */
export async function readSearch(path: string): Promise<SearchResults> {
  const { readSearch: read } = await import("./search-status.ts");
  return read(path);
}

/**
 * {@link readSearch}, and who works on which trials now.
 *
 * @throws {TiesmithError} `SEARCH_INVALID` if there is no search
 * @example
 * const { results, running } = await searchStatus("runs");
 */
export async function searchStatus(path: string): Promise<SearchStatus> {
  const { searchStatus: status } = await import("./search-status.ts");
  return status(path);
}

/**
 * The trials of a search as CSV, one a line.
 *
 * @example
 * writeFileSync("trials.csv", await searchCsv(await readSearch("runs")));
 */
export async function searchCsv(results: SearchResults): Promise<string> {
  const { trialsCsv } = await import("./trials-csv.ts");
  return trialsCsv(results);
}
