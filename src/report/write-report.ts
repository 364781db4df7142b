/** Writes a document as files: HTML, Markdown, its data as JSON, and every figure as SVG with its data as CSV. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, TiesmithError } from "../errors.ts";
import { csvOf } from "./csv.ts";
import { figuresOf, type ReportDocument } from "./document.ts";
import { htmlOf } from "./html-page.ts";
import { markdownOf } from "./markdown.ts";
import { renderSvg } from "./render-svg.ts";
import { LIGHT } from "./theme.ts";

const FIGURE_WIDTH = 720;
/** What tells a folder that an earlier report may be replaced in. */
const DATA_NAME = "report.json";

/**
 * @param data becomes `report.json`
 * @param others texts of further files, by their names
 * @param own names of what else may lie in the folder
 * @returns the names of the files, relative to the folder
 * @throws {TiesmithError} `OUTPUT_EXISTS` for a folder of other files; `IO_FAILED`
 */
export async function writeReport(
  document: ReportDocument,
  data: unknown,
  folder: string,
  others: ReadonlyMap<string, string> = new Map(),
  own: readonly string[] = [],
): Promise<string[]> {
  checkReportFolder(folder, own);
  const files = new Map([
    ["report.html", await htmlOf(document)],
    ["report.md", markdownOf(document)],
    [DATA_NAME, `${JSON.stringify(data, null, 2)}\n`],
    ...others,
  ]);
  for (const figure of figuresOf(document)) {
    files.set(`figures/${figure.name}.svg`, `${await renderSvg(figure, FIGURE_WIDTH, LIGHT.paper)}\n`);
    files.set(`figures/${figure.name}.csv`, csvOf(figure.data));
  }
  try {
    for (const [name, text] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  } catch (error) {
    throw new TiesmithError("IO_FAILED", `Cannot write the report to ${folder}: ${messageOf(error)}`, {
      folder,
    });
  }
  return [...files.keys()];
}

/**
 * Before the work that a report is of, so that hours of it are not lost to a wrong name.
 * @param own names of what may lie there before the report
 * @throws {TiesmithError} `OUTPUT_EXISTS` for a folder of other files
 */
export function checkReportFolder(folder: string, own: readonly string[] = []): void {
  if (!existsSync(folder) || existsSync(join(folder, DATA_NAME))) return;
  let isOurs = false;
  try {
    isOurs = readdirSync(folder).every((name) => own.includes(name));
  } catch {
    // A file of that name.
  }
  if (isOurs) return;
  throw new TiesmithError(
    "OUTPUT_EXISTS",
    `Expected ${folder} to be new, empty, or to hold an earlier report, but found other files there`,
    { folder },
  );
}
