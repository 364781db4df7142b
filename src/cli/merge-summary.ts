/** What a merge says at its end. */
import { relative } from "node:path";
import type { MergeResult } from "../index.ts";
import { formatBytes, formatCount, formatDuration, formatRate, formatShare, plural } from "./quantities.ts";
import { type Column, formatTable } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "task vector" },
  { title: "parameters", align: "right" },
  { title: "density", align: "right" },
  { title: "zero", align: "right" },
  { title: "in conflict", align: "right" },
  { title: "discarded", align: "right" },
];

/** The summary as text: what was written, how fast, and what became of every task vector. */
export function formatMergeSummary(result: MergeResult): string {
  return [head(result), ...taskVectors(result), ...remarks(result)].join("\n");
}

function head(result: MergeResult): string {
  const { out, method, tensorCount, parameterCount, readBytes, writtenBytes, seconds, threads, kernel } = result;
  const rate = formatRate(readBytes + writtenBytes, seconds);
  return [
    `Wrote ${shortPath(out)} by ${method}: ${plural(tensorCount, "tensor")}, ${formatCount(parameterCount)} parameters`,
    `in ${formatDuration(seconds)}: ${formatBytes(readBytes)} read, ${formatBytes(writtenBytes)} written, ` +
      `${rate} with ${plural(threads, "thread")} (${kernel})`,
  ].join("\n");
}

/** Density: what trim kept of all. In conflict and discarded: shares of what trim kept. */
function taskVectors({ models }: MergeResult): string[] {
  if (models.length === 0) return [];
  const rows = models.map(({ model, parameters, zero, retained, inConflict, discarded }) => [
    model,
    formatCount(parameters),
    formatShare(retained, parameters),
    formatShare(zero, parameters),
    formatShare(inConflict, retained),
    formatShare(discarded, retained),
  ]);
  return ["", formatTable(COLUMNS, rows)];
}

function remarks(result: MergeResult): string[] {
  const { models, conflicts, parameterCount, givenBack, method, saturated, resumedTensors } = result;
  const lines: string[] = [];
  if (models.length > 1) {
    const share = formatShare(conflicts, parameterCount);
    const slack = method === "ties_sv" ? `; slack gave ${formatCount(givenBack)} back to the priority model` : "";
    lines.push(`${formatCount(conflicts)} parameters in conflict (${share} of the model)${slack}`);
  }
  if (saturated > 0) lines.push(`${plural(saturated, "value")} clamped to the range of the output dtype`);
  if (resumedTensors > 0) lines.push(`${plural(resumedTensors, "tensor")} taken over from the interrupted merge`);
  return lines.length === 0 ? [] : ["", ...lines];
}

/** Relative where that is shorter and stays below the working directory. */
function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === "" || fromHere.startsWith("..") ? path : `${fromHere}/`;
}
