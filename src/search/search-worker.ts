/** A process that helps with a search: it works on the same folder as any other would, and tells its parent of trials. */
import { TiesmithError } from "../errors.ts";
import { runSearch } from "./run-search.ts";
import type { WorkerAnswer, WorkerTask } from "./workers.ts";

const controller = new AbortController();
const stop = () => controller.abort();
// A parent that is gone wants no help. A terminal's Ctrl-C reaches the whole group: each ends in order.
process.on("disconnect", stop);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);

process.once("message", (task: WorkerTask) => void work(task));

async function work({ input, options }: WorkerTask): Promise<void> {
  const tell = (answer: WorkerAnswer) => process.connected && process.send?.(answer);
  try {
    await runSearch(input, {
      ...options,
      signal: controller.signal,
      onTrial: (trial) => void tell({ trial }),
    });
  } catch (error) {
    if (!(error instanceof TiesmithError && error.code === "INTERRUPTED"))
      tell({ problem: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
  if (process.connected) process.disconnect();
}
