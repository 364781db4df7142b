/** How far a search has come, in trials. */
import type { SearchProgress } from "../index.ts";
import { withProgressLine } from "./progress-line.ts";
import { formatDuration } from "./quantities.ts";

/** Runs something and shows on stderr how far it has come; nothing if `quiet`. */
export function withTrialProgress<T>(
  quiet: boolean,
  run: (onProgress: (progress: SearchProgress) => void) => Promise<T>,
): Promise<T> {
  let first: SearchProgress | undefined;
  const line = (progress: SearchProgress) => {
    first ??= progress;
    return lineOf(progress, first);
  };
  return withProgressLine(quiet, { lineOf: line, tellsFirst: true }, run);
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
