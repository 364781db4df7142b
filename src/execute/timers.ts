/**
 * What a worker's time goes to, for those who measure: with TIESMITH_TIMERS set, a line for each thread is printed to
 * stderr at the end, by native call; as JSON where it is `json`.
 */
import { addon } from "../native/addon.ts";
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

/** A thread's times, as they are printed. What `cpu` has beyond that of the calls is JavaScript. */
export interface ThreadTimes {
  readonly thread: number;
  /** From its first batch to the end of its last one. */
  readonly seconds: number;
  /** With a core. */
  readonly cpu: number;
  /** Neither with a core nor in a call: it waits for writes, for the main thread, or for a core. */
  readonly idle: number;
  readonly calls: Readonly<Record<string, CallTimes>>;
}

/** How they are wanted, or null. */
export const TIMERS: string | null = process.env.TIESMITH_TIMERS ?? null;

export class Timers {
  readonly #thread: number;
  readonly #calls: Record<string, CallTimes> = {};
  #started: { readonly at: number; readonly cpuSeconds: number } | null = null;

  constructor(thread: number) {
    this.#thread = thread;
  }

  /** A batch begins: the thread's time runs from the first. */
  begin(): void {
    this.#started ??= { at: performance.now(), cpuSeconds: addon().threadCpuSeconds() };
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
    const { at, cpuSeconds } = this.#started ?? { at: performance.now(), cpuSeconds: 0 };
    const seconds = (performance.now() - at) / 1000;
    const cpu = addon().threadCpuSeconds() - cpuSeconds;
    const inCalls = Object.values(this.#calls).reduce((sum, { asleep, queued }) => sum + asleep + queued, 0);
    // Not by the loop's own idle time: a worker of piscina waits for tasks outside of its loop.
    const idle = Math.max(0, seconds - cpu - inCalls);
    return { thread: this.#thread, seconds, cpu, idle, calls: this.#calls };
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
