/** How far something has come as one line: redrawn on a terminal, printed now and then elsewhere. */
import { printMessage } from "./terminal.ts";

const LINE_SECONDS = 10;
const REDRAW_SECONDS = 0.1;

/** When a line is due, beside the pace. */
export interface LineRules<Progress> {
  readonly lineOf: (progress: Progress) => string;
  /** Whether the first report is told at once. */
  readonly tellsFirst?: boolean;
  /** Whether this report is drawn on a terminal, however soon it comes. */
  readonly isLast?: (progress: Progress) => boolean;
}

/** Runs something and shows on stderr how far it has come; nothing if `quiet`. */
export async function withProgressLine<T, Progress extends { readonly seconds: number }>(
  quiet: boolean,
  { lineOf, tellsFirst = false, isLast = () => false }: LineRules<Progress>,
  run: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  if (quiet) return run(() => {});
  const { stderr } = process;
  const pace = stderr.isTTY ? REDRAW_SECONDS : LINE_SECONDS;
  let told = tellsFirst ? Number.NEGATIVE_INFINITY : 0;
  const draw = (progress: Progress): void => {
    if (progress.seconds - told < pace && !(stderr.isTTY && isLast(progress))) return;
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
