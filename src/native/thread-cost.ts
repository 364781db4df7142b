/** What this thread has cost so far: time with a core, and time in which it could run but had none. */
import { openSync, readSync } from "node:fs";

export interface ThreadCost {
  readonly cpuSeconds: number;
  readonly queuedSeconds: number;
}

/** Reads the calling thread's cost; `cpuSeconds` is the addon's clock. Where the system does not tell, nobody queues. */
export function threadCostReader(cpuSeconds: () => number): () => ThreadCost {
  const schedstat = openSchedstat();
  const text = Buffer.alloc(64);
  return () => {
    const length = schedstat === null ? 0 : readSync(schedstat, text, 0, text.byteLength, 0);
    // Nanoseconds with a core (which lag by a tick), nanoseconds queued, and how often.
    const queued = Number(text.toString("latin1", 0, length).split(" ")[1] ?? 0);
    return { cpuSeconds: cpuSeconds(), queuedSeconds: queued / 1e9 };
  };
}

/** Kept open until the thread ends: opened elsewhere, it would tell of another thread. */
function openSchedstat(): number | null {
  try {
    return openSync("/proc/thread-self/schedstat", "r");
  } catch {
    return null; // not Linux, or a kernel that does not count
  }
}
