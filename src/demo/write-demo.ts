/** Writes the demonstration as files. */
import type { SearchExtras } from "../report/search-document.ts";
import { predictionFile } from "../report/write-evaluation-report.ts";
import { writeReport } from "../report/write-report.ts";
import { demoDocument } from "./demo-document.ts";
import type { DemoResults } from "./results.ts";

/** Folders of a run, which may lie there before there is a report: an interrupted one goes on. */
export const RUN_FOLDERS = ["full", "fast"];

/** @throws {TiesmithError} `OUTPUT_EXISTS`, `IO_FAILED` */
export async function writeDemo(
  results: DemoResults,
  folder: string,
  extras: SearchExtras,
): Promise<string[]> {
  const others = predictionFile(extras.predictions ?? []);
  return writeReport(demoDocument(results, extras), results, folder, others, RUN_FOLDERS);
}
