/**
 * What a worker's time goes to, for those who measure: with TIESMITH_TIMERS set, a line for each thread is printed to
 * stderr at the end, by kind of operation: seconds of its own, and seconds until the writes of these had ended (they overlap with
 * other operations, and with each other).
 */
import type { Operation } from "./operations.ts";

interface Spent {
  count: number;
  own: number;
  waited: number;
}

/** Whether anybody wants to know. */
export const TIMERS_WANTED = process.env.TIESMITH_TIMERS !== undefined;

export class Timers {
  readonly #spent = new Map<Operation["kind"], Spent>();

  /** Runs an operation and takes its time: until it gives back control, and until it is done. */
  async run<T>(kind: Operation["kind"], run: () => T | Promise<T>): Promise<T> {
    const spent = this.#spent.get(kind) ?? { count: 0, own: 0, waited: 0 };
    this.#spent.set(kind, spent);
    const started = performance.now();
    const pending = run();
    const returned = performance.now();
    spent.count += 1;
    spent.own += returned - started;
    try {
      return await pending;
    } finally {
      spent.waited += performance.now() - returned;
    }
  }

  /** One line, the costliest kinds first. */
  report(thread: number): string {
    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
    const kinds = [...this.#spent].sort(([, a], [, b]) => b.own - a.own);
    const parts = kinds.map(([kind, { count, own, waited }]) => {
      const wait = waited < 10 ? "" : ` (+ ${seconds(waited)} of writes)`;
      return `${count} × ${kind} ${seconds(own)}${wait}`;
    });
    return `thread ${thread}: ${parts.join(", ")}`;
  }
}
