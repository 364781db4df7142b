/** What `tiesmith search` and its commands do. */
import { writeFileSync } from "node:fs";
import { TiesmithError } from "../errors.ts";
import { readSearch, type SearchOptions, search, searchCsv, searchStatus } from "../index.ts";
import { interruptible } from "./interrupt.ts";
import type { OutputOptions } from "./options.ts";
import type { SearchCommandOptions } from "./search.ts";
import { withTrialProgress } from "./search-progress.ts";
import { formatSearch, formatStatus } from "./search-text.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";

/** Searches, with progress on stderr and the comparison on stdout. */
export async function runSearch(spec: string | undefined, options: SearchCommandOptions): Promise<void> {
  const {
    json = false,
    quiet = false,
    markdown = false,
    out,
    restart,
    onTrial,
    temporary,
    threads,
    jobs,
  } = options;
  if (spec === undefined)
    throw new TiesmithError("USAGE", "Expected the search's YAML: tiesmith search SPEC, but found none");
  const results = await interruptible((signal) =>
    withTrialProgress(quiet, (onProgress) =>
      search(spec, {
        ...{ out, restart, onTrial, temporary, threads, jobs, signal, onProgress },
        backend: backendOf(options),
        leaseSeconds: options.lease,
        onNote: (note) => printMessage(`note: ${note}`),
      }),
    ),
  );
  if (!quiet) for (const note of results.notes) printMessage(`note: ${note}`);
  if (json) return printJson(results);
  if (!quiet) printResult(formatSearch(results, markdown));
}

function backendOf({ ggufType, sequences }: SearchCommandOptions): SearchOptions["backend"] {
  type Type = NonNullable<SearchOptions["backend"]>["type"];
  return { kind: "llama", type: ggufType as Type, sequences };
}

/** How far a search has come. */
export async function runSearchStatus(path: string, { json = false }: OutputOptions): Promise<void> {
  const status = await searchStatus(path);
  return json ? printJson(status) : printResult(formatStatus(status));
}

/** The winner's recipe. */
export async function runSearchBest(
  path: string,
  { json = false, method }: OutputOptions & { readonly method?: string },
): Promise<void> {
  const results = await readSearch(path);
  const wanted = method ?? results.best;
  const winner = results.winners.find((own) => own.method === wanted);
  if (winner === undefined) {
    const known = results.winners.map((own) => own.method).join(", ");
    const found = known === "" ? "no trial has been scored on all rows yet" : `known are ${known}`;
    const what = method === undefined ? "a winner" : `a winner of ${method}`;
    throw new TiesmithError("SEARCH_INVALID", `Expected ${what} in ${path}, but ${found}`, { path });
  }
  if (json) return printJson(winner);
  printResult(winner.recipe.trimEnd());
}

/** The trials as CSV. */
export async function runSearchExport(
  path: string,
  { json = false, out }: OutputOptions & { readonly out?: string },
): Promise<void> {
  const results = await readSearch(path);
  const text = json ? `${JSON.stringify(results, null, 2)}\n` : await searchCsv(results);
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
}
