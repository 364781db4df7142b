/** Writes an analysis as files: HTML, Markdown, JSON, and every figure as SVG with its data as CSV. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConflictsReport } from "../conflicts/report-data.ts";
import { messageOf, TiesmithError } from "../errors.ts";
import { conflictsDocument } from "./conflicts-document.ts";
import { csvOf } from "./csv.ts";
import { figuresOf } from "./document.ts";
import { htmlOf } from "./html-page.ts";
import { markdownOf } from "./markdown.ts";
import { renderSvg } from "./render-svg.ts";
import { LIGHT } from "./theme.ts";

const FIGURE_WIDTH = 720;
/** What tells a folder that an earlier report may be replaced in. */
const DATA_NAME = "report.json";

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
  checkFolder(folder);
  const document = conflictsDocument(report);
  const files = new Map([
    ["report.html", await htmlOf(document)],
    ["report.md", markdownOf(document)],
    [DATA_NAME, `${JSON.stringify(report, null, 2)}\n`],
  ]);
  for (const figure of figuresOf(document)) {
    files.set(`figures/${figure.name}.svg`, `${await renderSvg(figure, FIGURE_WIDTH, LIGHT.paper)}\n`);
    files.set(`figures/${figure.name}.csv`, csvOf(figure.data));
  }
  try {
    mkdirSync(join(folder, "figures"), { recursive: true });
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
  } catch (error) {
    throw new TiesmithError("IO_FAILED", `Cannot write the report to ${folder}: ${messageOf(error)}`, {
      folder,
    });
  }
  return [...files.keys()];
}

function checkFolder(folder: string): void {
  if (!existsSync(folder) || existsSync(join(folder, DATA_NAME))) return;
  let isEmpty = false;
  try {
    isEmpty = readdirSync(folder).length === 0;
  } catch {
    // A file of that name.
  }
  if (isEmpty) return;
  throw new TiesmithError(
    "OUTPUT_EXISTS",
    `Expected ${folder} to be new, empty, or to hold an earlier report, but found other files there`,
    { folder },
  );
}
