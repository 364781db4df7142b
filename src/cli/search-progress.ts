/** How far a search has come, in trials: a line that is redrawn on a terminal, a line now and then elsewhere. */
import type { SearchProgress } from "../index.ts";
import { formatDuration } from "./quantities.ts";
import { printMessage } from "./terminal.ts";

const LINE_SECONDS = 10;
const REDRAW_SECONDS = 0.1;

/** Runs something and shows on stderr how far it has come; nothing if `quiet`. */
export async function withTrialProgress<T>(
  quiet: boolean,
  run: (onProgress: (progress: SearchProgress) => void) => Promise<T>,
): Promise<T> {
  if (quiet) return run(() => {});
  const { stderr } = process;
  let told = Number.NEGATIVE_INFINITY;
  let first: SearchProgress | undefined;
  const draw = (progress: SearchProgress): void => {
    first ??= progress;
    if (progress.seconds - told < (stderr.isTTY ? REDRAW_SECONDS : LINE_SECONDS)) return;
    told = progress.seconds;
    const line = lineOf(progress, first);
    if (stderr.isTTY) stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns || 80) - 1)}`);
    else printMessage(line);
  };
  try {
    return await run(draw);
  } finally {
    if (stderr.isTTY) stderr.write("\r\u001b[K");
  }
}

/** The pace counts what other processes do since this one began, too. */
function lineOf(progress: SearchProgress, first: SearchProgress): string {
  const { phase, trial, doneTrials, totalTrials, doneRows, totalRows, best, seconds } = progress;
  const doneHere = doneTrials - first.doneTrials;
  const left = totalTrials - doneTrials;
  const eta =
    doneHere > 0 && left > 0
      ? `, ETA ${formatDuration(Math.ceil((left * (seconds - first.seconds)) / doneHere))}`
      : "";
  const at = trial === null ? "" : `, ${trial} ${doneRows}/${totalRows} rows`;
  const score = best === null ? "" : `, best ${(100 * best).toFixed(2)}`;
  const what = phase === "test" ? "testing the winners" : `${doneTrials}/${totalTrials} trials`;
  return `${what}${score}${at}${eta}`;
}
