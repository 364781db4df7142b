/** How far an evaluation has come, in rows. */
import type { EvaluationProgress } from "../index.ts";
import { withProgressLine } from "./progress-line.ts";
import { formatDuration } from "./quantities.ts";
import { printable } from "./terminal.ts";

/** Runs something and shows on stderr how far it has come; nothing if `quiet`. */
export function withRowProgress<T>(
  quiet: boolean,
  run: (onProgress: (progress: EvaluationProgress) => void) => Promise<T>,
): Promise<T> {
  const isLast = ({ doneRows, totalRows }: EvaluationProgress) => doneRows === totalRows;
  return withProgressLine(quiet, { lineOf, isLast }, run);
}

function lineOf({
  model,
  task,
  language,
  doneRows,
  totalRows,
  cachedRows,
  seconds,
}: EvaluationProgress): string {
  const asked = doneRows - cachedRows;
  const rate = asked / seconds;
  const left = asked > 0 ? `, ETA ${formatDuration(Math.ceil((totalRows - doneRows) / rate))}` : "";
  const percent = Math.floor((100 * doneRows) / Math.max(1, totalRows));
  return `${printable(model)} ${task} ${language}: ${percent}%, ${doneRows}/${totalRows} rows, ${rate.toFixed(1)} rows/s${left}`;
}
