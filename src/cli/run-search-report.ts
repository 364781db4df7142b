/** What `tiesmith search report` does. */
import { readFileSync } from "node:fs";
import { messageOf, TiesmithError } from "../errors.ts";
import { type ConflictsReport, readSearch, type TrajectoryResults, writeSearchReport } from "../index.ts";
import type { SearchReportOptions } from "./search-report.ts";
import { printJson, printResult } from "./terminal.ts";

/** Reads the journal and what is to stand beside it, and writes the files. */
export async function runSearchReport(path: string, options: SearchReportOptions): Promise<void> {
  const { out, trajectory, conflicts, json = false, quiet = false } = options;
  const extras = {
    trajectory: readReport<TrajectoryResults>("--trajectory", trajectory, "curves"),
    conflicts: readReport<ConflictsReport>("--conflicts", conflicts, "slackCurve"),
  };
  const results = await readSearch(path);
  const files = await writeSearchReport(results, out, extras);
  if (json) return printJson({ folder: out, files });
  if (!quiet) printResult(`Wrote ${files.length} files to ${out}; open ${out}/report.html`);
}

/** `key` tells the kind of a report: all have a format, and no other has it. */
function readReport<T>(option: string, file: string | undefined, key: string): T | undefined {
  if (file === undefined) return undefined;
  const refuse = (found: string) => {
    const message = `Expected the report.json of ${option.slice(2)} for ${option}, but ${found} (${file})`;
    return new TiesmithError("USAGE", message, { option, file });
  };
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw refuse(messageOf(error));
  }
  if (typeof report === "object" && report !== null && "format" in report && key in report)
    return report as T;
  throw refuse(`found another file, without ${key}`);
}
