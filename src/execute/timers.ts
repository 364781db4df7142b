/**
 * What a worker's time goes to, for those who measure: with TIESMITH_TIMERS set, a line for each thread is printed to
 * stderr at the end, by native call; as JSON where it is `json`.
 */
import { performance } from "node:perf_hooks";
import type { NativeCall } from "../native/watched-addon.ts";

/** Seconds of one kind of call. Writes overlap with other calls, and with each other. */
interface CallTimes {
  count: number;
  cpu: number;
  /** Asleep, for a page of an input or a lock. */
  asleep: number;
  /** Ready to run, but without a core. */
  queued: number;
  /** From a call's return until the thread hears that what it wrote is with the system. */
  writing: number;
  readBytes: number;
}

/** A thread's times, as they are printed. `seconds` = calls + `idle` + the JavaScript between them. */
export interface ThreadTimes {
  readonly thread: number;
  /** From its first batch to the end of its last one. */
  readonly seconds: number;
  /** With no batch to go on with: it waits for writes, or for the main thread. */
  readonly idle: number;
  readonly calls: Readonly<Record<string, CallTimes>>;
}

/** How they are wanted, or null. */
export const TIMERS: string | null = process.env.TIESMITH_TIMERS ?? null;

export class Timers {
  readonly #thread: number;
  readonly #calls: Record<string, CallTimes> = {};
  #started: {
    readonly at: number;
    readonly loop: ReturnType<typeof performance.eventLoopUtilization>;
  } | null = null;

  constructor(thread: number) {
    this.#thread = thread;
  }

  /** A batch begins: the thread's time runs from the first. */
  begin(): void {
    this.#started ??= { at: performance.now(), loop: performance.eventLoopUtilization() };
  }

  /** Takes a call's times, and those of its write when it ends. */
  heard({ name, started, returned, cpuSeconds, queuedSeconds, readBytes, written }: NativeCall): void {
    const none: CallTimes = { count: 0, cpu: 0, asleep: 0, queued: 0, writing: 0, readBytes: 0 };
    const times = this.#calls[name] ?? none;
    this.#calls[name] = times;
    times.count += 1;
    times.cpu += cpuSeconds;
    times.queued += queuedSeconds;
    times.asleep += (returned - started) / 1000 - cpuSeconds - queuedSeconds;
    times.readBytes += readBytes;
    const ended = () => {
      times.writing += (performance.now() - returned) / 1000;
    };
    written?.then(ended, ended);
  }

  get times(): ThreadTimes {
    const { at, loop } = this.#started ?? { at: performance.now(), loop: performance.eventLoopUtilization() };
    return {
      thread: this.#thread,
      seconds: (performance.now() - at) / 1000,
      idle: performance.eventLoopUtilization(loop).idle / 1000,
      calls: this.#calls,
    };
  }
}

/** One line, the costliest calls first; or one of JSON. */
export function formatTimes(times: ThreadTimes, form: string): string {
  if (form === "json") return JSON.stringify(times);
  const show = (seconds: number) => `${seconds.toFixed(2)} s`;
  const rows = Object.entries(times.calls).sort(([, a], [, b]) => b.cpu - a.cpu);
  const parts = rows.map(([name, { count, cpu, asleep, queued, writing }]) => {
    const waits = { asleep, queued, writing };
    const told = Object.entries(waits).filter(([, seconds]) => seconds >= 0.01);
    const beside = told.map(([what, seconds]) => `, ${show(seconds)} ${what}`).join("");
    return `${count} × ${name} ${show(cpu)}${beside}`;
  });
  return `thread ${times.thread}: ${show(times.seconds)}, ${show(times.idle)} idle; ${parts.join("; ")}`;
}
