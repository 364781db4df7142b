/**
 * Ctrl-C, a batch system's SIGTERM, a terminal's SIGHUP: the first signal cancels, and lets what is under way end in
 * order; the second ends the process at once.
 */
import { TiesmithError } from "../errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs something with a signal that aborts on SIGINT, SIGTERM and SIGHUP. Handlers are gone when it has ended.
 * @throws {TiesmithError} `INTERRUPTED` with the signal's name in `details.signal`; whatever `run` throws
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) endAtOnce(signal);
    controller.abort(signal);
  };
  const endAtOnce = (signal: NodeJS.Signals) => {
    // What the system does with it by default: no exit handler, no thread and no stuck write is waited for.
    for (const known of SIGNALS) process.off(known, interrupt);
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await run(controller.signal);
  } catch (error) {
    if (!(error instanceof TiesmithError) || error.code !== "INTERRUPTED") throw error;
    const details = { ...error.details, signal: controller.signal.reason };
    throw new TiesmithError("INTERRUPTED", error.message, details);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
