/** Helping processes: a model that is too small for several cores is scored beside others. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { packageRoot } from "../native/package-root.ts";
import type { Trial } from "./results.ts";
import type { SearchOptions } from "./search-options.ts";
import type { SearchInput } from "./spec.ts";

/** What a worker is told: plain data. */
export interface WorkerTask {
  readonly input: string | SearchInput;
  readonly options: Pick<SearchOptions, "out" | "backend" | "threads" | "temporary" | "leaseSeconds">;
}

export type WorkerAnswer = { readonly trial: Trial } | { readonly problem: string };

const WORKER = join(packageRoot, "dist", "search", "search-worker.cjs");

/** Processes that work on a search that has begun; they end with it. */
export class Workers {
  readonly #children: readonly ChildProcess[];

  /** @param hear is told of each trial, and of what ended a worker early: the others do its work */
  constructor(count: number, task: WorkerTask, hear: (answer: WorkerAnswer) => void) {
    this.#children = Array.from({ length: count }, () => {
      const child = fork(WORKER, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      child.on("message", hear);
      child.on("error", ({ message }) => hear({ problem: message }));
      // One that ends before it could be told.
      child.send(task, () => {});
      return child;
    });
  }

  /** Waits until all have ended, and everything that they told has been heard. */
  async ended(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const isRunning = child.exitCode === null && child.signalCode === null;
        await Promise.all([isRunning && once(child, "exit"), child.connected && once(child, "disconnect")]);
      }),
    );
  }

  /** Lets each end in order, and waits for it. */
  async stop(): Promise<void> {
    for (const child of this.#children) if (child.connected) child.disconnect();
    await this.ended();
  }
}
