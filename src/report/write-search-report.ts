/** Writes a search as files: HTML, Markdown, JSON, and every figure as SVG with its data as CSV. */
import type { SearchResults } from "../search/results.ts";
import { type SearchExtras, searchDocument } from "./search-document.ts";
import { predictionFile } from "./write-evaluation-report.ts";
import { writeReport } from "./write-report.ts";

/**
 * Writes `report.html` (one file that needs nothing else), `report.md`, `report.json`, `figures/NAME.svg` and
 * `figures/NAME.csv` into a folder, which is made; an earlier report in it is replaced.
 *
 * @param extras a trajectory of the winner, an analysis of its recipe, the answers of the final evaluation
 * @returns the names of the files, relative to the folder
 * @throws {TiesmithError} `OUTPUT_EXISTS` for a folder of other files; `IO_FAILED`
 * @example
 * await writeSearchReport(results, "report", { trajectory: await trajectory(recipe, tasks, { series }) });
 */
export async function writeSearchReport(
  results: SearchResults,
  folder: string,
  extras: SearchExtras = {},
): Promise<string[]> {
  const { predictions = [], trajectory, conflicts } = extras;
  const more = { ...(trajectory && { trajectory }), ...(conflicts && { conflicts }) };
  const data = Object.keys(more).length === 0 ? results : { ...results, ...more };
  return writeReport(searchDocument(results, extras), data, folder, predictionFile(predictions));
}
