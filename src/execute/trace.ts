/**
 * A trace of a run, for those who measure: with TIESMITH_TRACE=FILE each thread adds a line of JSON for each batch to FILE,
 * and the main thread one at the end. Times are milliseconds of one clock, which nobody sets.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { addon } from "../native/addon.ts";
import type { NativeCall } from "../native/watched-addon.ts";
import type { Operation } from "./operations.ts";
import type { TensorWork } from "./tensor-work.ts";

/** One operation of a batch. */
export interface TracedOperation {
  readonly kind: Operation["kind"];
  /** What it works on, where that is a tensor or a chunk of one. */
  readonly tensor?: string;
  readonly chunk?: number;
  /** How long its native calls took, without what they waited for a core, and its write after them. */
  readonly busy: number;
  readonly waited: number;
  /** Of a sample: the share of elements that its brackets leave undecided. */
  readonly undecided?: number;
}

/** One batch, as the thread saw it that ran it. */
export interface TracedBatch {
  readonly thread: number;
  readonly started: number;
  readonly ended: number;
  /** How long the thread, since it began, has not been waiting for messages and writes. */
  readonly active: number;
  readonly operations: readonly TracedOperation[];
}

/** What the main thread did from its first batch until the last was answered. */
export interface TracedMain {
  readonly main: true;
  readonly threads: number;
  readonly batches: number;
  readonly started: number;
  readonly ended: number;
  /** How long it had a core. */
  readonly busy: number;
}

/** Where to, or null. */
export const TRACE: string | null = process.env.TIESMITH_TRACE ?? null;

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** What is known of an operation that runs; those of several batches may take turns at their awaits. */
interface RunningOperation {
  busy: number;
  waited: number;
}

/** A worker's part of a trace. */
export class WorkerTrace {
  readonly #file: string;
  readonly #thread: number;
  readonly #running = new AsyncLocalStorage<RunningOperation>();

  constructor(file: string, thread: number) {
    this.#file = file;
    this.#thread = thread;
  }

  heard({ started, returned, queuedSeconds, written }: NativeCall): void {
    const running = this.#running.getStore();
    if (running === undefined) return;
    running.busy += returned - started - queuedSeconds * 1000;
    const ended = () => {
      running.waited += performance.now() - returned;
    };
    written?.then(ended, ended);
  }

  /** A batch begins. Its `end` writes the line; nobody tells a thread that it is about to end. */
  batch(): { operation<T>(operation: Operation, run: () => T | Promise<T>): Promise<T>; end(): void } {
    const operations: TracedOperation[] = [];
    const started = now();
    return {
      operation: async (operation, run) => {
        const running: RunningOperation = { busy: 0, waited: 0 };
        const answer = await this.#running.run(running, run);
        operations.push({ ...subjectOf(operation), ...running, ...undecidedOf(answer) });
        return answer;
      },
      end: () => {
        const { active } = performance.eventLoopUtilization();
        append(this.#file, { thread: this.#thread, started, ended: now(), active, operations });
      },
    };
  }
}

/** The main thread's part of a trace. */
export class MainTrace {
  readonly #file: string;
  #batches = 0;
  #before: { readonly at: number; readonly cpuSeconds: number } | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  /** A batch is about to be handed to the pool. */
  dispatched(): void {
    this.#batches += 1;
    this.#before ??= { at: now(), cpuSeconds: addon().threadCpuSeconds() };
  }

  /** All batches have been answered. */
  end(threads: number): void {
    if (this.#before === null) return;
    const { at: started, cpuSeconds } = this.#before;
    const busy = (addon().threadCpuSeconds() - cpuSeconds) * 1000;
    const batches = this.#batches;
    append(this.#file, { main: true, threads, batches, started, ended: now(), busy });
  }
}

function append(file: string, line: TracedBatch | TracedMain): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** How an operation is told from others of a run: its kind, and what it works on. */
export function subjectOf(operation: Operation): Pick<TracedOperation, "kind" | "tensor" | "chunk"> {
  const { kind } = operation;
  if ("chunk" in operation)
    return { kind, tensor: operation.chunk.tensor.name, chunk: operation.chunk.index };
  if (kind === "whole") return { kind, tensor: operation.tensor.name };
  if (kind === "settle") return { kind, ...tensorOf(operation.chunks.map(({ tensor }) => tensor)) };
  return kind === "sample" ? { kind, ...tensorOf(operation.tensors) } : { kind };
}

/** What concerns the whole model is of no tensor. */
function tensorOf(tensors: readonly TensorWork[]): { tensor?: string } {
  const [name, ...others] = new Set(tensors.map((tensor) => tensor.name));
  return name === undefined || others.length > 0 ? {} : { tensor: name };
}

function undecidedOf(answer: unknown): { undecided?: number } {
  if (typeof answer !== "object" || answer === null || !("trims" in answer && "undecided" in answer))
    return {};
  return { undecided: answer.undecided as number };
}
