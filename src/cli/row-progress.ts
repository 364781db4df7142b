/** How far an evaluation has come, in rows: a line that is redrawn on a terminal, a line now and then elsewhere. */
import type { EvaluationProgress } from "../index.ts";
import { formatDuration } from "./quantities.ts";
import { printable, printMessage } from "./terminal.ts";

const LINE_SECONDS = 10;
const REDRAW_SECONDS = 0.1;

/** Runs something and shows on stderr how far it has come; nothing if `quiet`. */
export async function withRowProgress<T>(
  quiet: boolean,
  run: (onProgress: (progress: EvaluationProgress) => void) => Promise<T>,
): Promise<T> {
  if (quiet) return run(() => {});
  const { stderr } = process;
  let told = 0;
  const draw = (progress: EvaluationProgress): void => {
    const isLast = progress.doneRows === progress.totalRows;
    if (progress.seconds - told < (stderr.isTTY ? REDRAW_SECONDS : LINE_SECONDS) && !(isLast && stderr.isTTY))
      return;
    told = progress.seconds;
    const line = lineOf(progress);
    if (stderr.isTTY) stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns || 80) - 1)}`);
    else printMessage(line);
  };
  try {
    return await run(draw);
  } finally {
    if (stderr.isTTY) stderr.write("\r\u001b[K");
  }
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
