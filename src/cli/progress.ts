/** How far a run has come: a bar on a terminal, a line now and then elsewhere. */
import { formatDuration, formatRate } from "./quantities.ts";
import { printMessage } from "./terminal.ts";

/** What the API reports. */
export interface Progress {
  readonly phase?: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneTensors: number;
  readonly totalTensors: number;
  readonly seconds: number;
}

interface ProgressDisplay {
  update(progress: Progress): void;
  /** Clears the bar. */
  stop(): void;
}

/** Bar, percentage, speed, tensors and time left in 80 columns. */
const BAR_WIDTH = 16;
const LINE_SECONDS = 10;
const LINE_PERMILLE = 100;
/** Merges that are over in a moment print no lines. */
const LEAST_LINE_SECONDS = 1;

/** Runs something and shows on stderr how far it has come; nothing if `quiet`. */
export async function withProgress<T>(
  quiet: boolean,
  run: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  if (quiet) return run(() => {});
  const display = process.stderr.isTTY ? await openBar() : openLines();
  try {
    return await run((progress) => display.update(progress));
  } finally {
    display.stop();
  }
}

async function openBar(): Promise<ProgressDisplay> {
  const { default: cliProgress } = await import("cli-progress");
  const width = process.stderr.columns || 80;
  const pace = new Pace();
  let latest: Progress | undefined;
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    clearOnComplete: true,
    gracefulExit: false,
    // Lines are cut to the width; switched off, wrapping would stay off if the process is killed.
    linewrap: true,
    format: () => (latest === undefined ? "" : barLine(latest, pace).slice(0, width - 1)),
  });
  return {
    update(progress) {
      const isFirst = latest === undefined;
      latest = progress;
      pace.observe(progress);
      const share = progress.doneBytes / progress.totalBytes;
      // Starting draws at once, while updates are throttled: a run that is over in a moment shows its bar too.
      if (isFirst) bar.start(1, share);
      else bar.update(share);
    },
    stop: () => bar.stop(),
  };
}

function openLines(): ProgressDisplay {
  const pace = new Pace();
  let told = { permille: 0, seconds: 0 };
  return {
    update(progress) {
      pace.observe(progress);
      const { seconds } = progress;
      const permille = permilleOf(progress);
      const waited = seconds - told.seconds;
      const isDue = waited >= LINE_SECONDS || permille - told.permille >= LINE_PERMILLE;
      if (!isDue || waited < LEAST_LINE_SECONDS || permille >= 1000) return;
      told = { permille, seconds };
      printMessage(`${phaseOf(progress)} ${facts(progress, pace).join(", ")}`);
    },
    stop: () => {},
  };
}

/** `diff` and `verify` only read. */
function phaseOf({ phase = "read" }: Progress): string {
  return phase;
}

function permilleOf({ doneBytes, totalBytes }: Progress): number {
  return totalBytes === 0 ? 1000 : Math.floor((1000 * doneBytes) / totalBytes);
}

function barLine(progress: Progress, pace: Pace): string {
  const filled = Math.floor((BAR_WIDTH * permilleOf(progress)) / 1000);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  return `${phaseOf(progress).padEnd(7)} ${bar}  ${facts(progress, pace).join("  ")}`;
}

function facts(progress: Progress, pace: Pace): string[] {
  const percent = `${Math.floor(permilleOf(progress) / 10)}%`;
  const tensors = `${progress.doneTensors}/${progress.totalTensors} tensors`;
  const left = pace.secondsLeft(progress);
  const eta = left === null ? [] : [`ETA ${formatDuration(Math.ceil(left))}`];
  return [percent, formatRate(pace.bytes, pace.seconds), tensors, ...eta];
}

/** A resumed merge reports at once what it took over: reports so soon after the first do not count as work. */
const SETTLING_SECONDS = 0.05;

/** Speed since the first reports. */
class Pace {
  bytes = 0;
  seconds = 0;
  #firstSeconds: number | undefined;
  #origin: Progress | undefined;

  observe(progress: Progress): void {
    this.#firstSeconds ??= progress.seconds;
    if (progress.seconds < this.#firstSeconds + SETTLING_SECONDS) this.#origin = progress;
    this.bytes = progress.doneBytes - (this.#origin?.doneBytes ?? 0);
    this.seconds = progress.seconds - (this.#origin?.seconds ?? 0);
  }

  /** Null until something can be said. */
  secondsLeft({ doneBytes, totalBytes }: Progress): number | null {
    if (this.bytes <= 0 || doneBytes >= totalBytes) return null;
    return ((totalBytes - doneBytes) * this.seconds) / this.bytes;
  }
}
