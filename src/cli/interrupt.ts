/** Ctrl-C: the first cancels, and lets what is under way end in order; the second leaves at once. */
import { EXIT_INTERRUPTED } from "./failure.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Runs something with a signal that aborts on SIGINT and SIGTERM. Handlers are gone when it has ended. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await run(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
