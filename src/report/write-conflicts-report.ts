/** Writes an analysis as files: HTML, Markdown, JSON, and every figure as SVG with its data as CSV. */
import type { ConflictsReport } from "../conflicts/report-data.ts";
import { conflictsDocument } from "./conflicts-document.ts";
import { writeReport } from "./write-report.ts";

/**
 * Writes `report.html` (one file that needs nothing else), `report.md`, `report.json`, `figures/NAME.svg` and
 * `figures/NAME.csv` into a folder, which is made; an earlier report in it is replaced.
 *
 * @returns the names of the files, relative to the folder
 * @throws {TiesmithError} `OUTPUT_EXISTS` for a folder of other files; `IO_FAILED`
 * @example
 * await writeConflictsReport(await conflicts("ties.yaml"), "conflicts");
 */
export async function writeConflictsReport(report: ConflictsReport, folder: string): Promise<string[]> {
  return writeReport(conflictsDocument(report), report, folder);
}
