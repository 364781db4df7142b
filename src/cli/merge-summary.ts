/** What a merge says at its end. */
import { relative } from "node:path";
import type { MergeResult } from "../index.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatWhole,
  plural,
} from "./quantities.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./terminal.ts";

type ModelSummary = MergeResult["models"][number];

interface SummaryColumn extends Column {
  readonly cell: (model: ModelSummary) => string;
}

const TRIM_COLUMNS: readonly SummaryColumn[] = [
  { title: "task vector", cell: (model) => model.model },
  right("parameters", (model) => formatCount(model.parameters)),
  right("density", (model) => formatShare(model.retained, model.parameters)),
  right("zero", (model) => formatShare(model.zero, model.parameters)),
];

/** Shares of what trim kept. */
const ELECTION_COLUMNS: readonly SummaryColumn[] = [
  right("in conflict", (model) => formatShare(model.inConflict, model.retained)),
  right("discarded", (model) => formatShare(model.discarded, model.retained)),
];

function right(title: string, cell: SummaryColumn["cell"]): SummaryColumn {
  return { title, cell, align: "right" };
}

/** The summary as text: what was written, how fast, and what became of every task vector. */
export function formatMergeSummary(result: MergeResult): string {
  return [...head(result), ...taskVectors(result), ...remarks(result)].join("\n");
}

function head(result: MergeResult): string[] {
  const { out, format, method, tensorCount, parameterCount, readBytes, writtenBytes } = result;
  const { seconds, threads, kernel } = result;
  const rate = formatRate(readBytes + writtenBytes, seconds);
  return [
    `Wrote ${shortPath(out, format)} by ${method} in ${formatDuration(seconds)} (${plural(threads, "thread")}, ${kernel})`,
    `${plural(tensorCount, "tensor")}, ${formatWhole(parameterCount)} parameters; ` +
      `${formatBytes(readBytes)} read, ${formatBytes(writtenBytes)} written, ${rate}`,
  ];
}

function taskVectors({ method, models }: MergeResult): string[] {
  if (models.length === 0) return [];
  const columns = elects(method) ? [...TRIM_COLUMNS, ...ELECTION_COLUMNS] : TRIM_COLUMNS;
  const rows = models.map((model) => columns.map(({ cell }) => cell(model)));
  return ["", formatTable(columns, rows)];
}

/** Without an election there is nothing to win or lose. */
function elects(method: string): boolean {
  return method !== "task_arithmetic";
}

function remarks(result: MergeResult): string[] {
  const { models, conflicts, parameterCount, givenBack, method, saturated, resumedTensors } = result;
  const lines: string[] = [];
  if (models.length > 1 && elects(method)) {
    lines.push(
      `${plural(conflicts, "parameter")} in conflict, ${formatShare(conflicts, parameterCount)} of the model`,
    );
  }
  if (method === "ties_sv")
    lines.push(`${plural(givenBack, "parameter")} given back to the priority model by slack`);
  if (saturated > 0) lines.push(`${plural(saturated, "value")} clamped to the range of the output dtype`);
  if (resumedTensors > 0)
    lines.push(`${plural(resumedTensors, "tensor")} taken over from the interrupted merge`);
  return lines.length === 0 ? [] : ["", ...lines];
}

/** Relative where that is shorter and stays below the working directory. */
function shortPath(path: string, format: MergeResult["format"]): string {
  const fromHere = relative(process.cwd(), path);
  return printable(
    fromHere === "" || fromHere.startsWith("..") ? path : `${fromHere}${format === "gguf" ? "" : "/"}`,
  );
}
