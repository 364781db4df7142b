/** `tiesmith search report`: a search as a page. */
import type { Command } from "commander";
import { addOutputOptions, type OutputOptions } from "./options.ts";

/** The options of the command as parsed. */
export interface SearchReportOptions extends OutputOptions {
  readonly out: string;
  readonly trajectory?: string;
  readonly conflicts?: string;
}

/** Adds the command to `search`. */
export function addSearchReport(search: Command): void {
  const command = search.command("report").summary("a search as HTML, Markdown, SVG and CSV");
  command
    .description("Writes a search as one HTML page and Markdown, with every figure as SVG and CSV.")
    .argument("<search>", "a search's folder or journal")
    .requiredOption("--out <folder>", "the folder to write")
    .option("--trajectory <file>", "report.json of `trajectory`, to show beside it")
    .option("--conflicts <file>", "report.json of `conflicts`, whose slack curve is shown");
  addOutputOptions(command, "print nothing but errors").action(async (path, options) => {
    const { runSearchReport } = await import("./run-search-report.ts");
    await runSearchReport(path, options);
  });
}
