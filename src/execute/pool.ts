/** The pool of worker threads of one run. Made for it, gone with it. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Piscina } from "piscina";
import { messageOf, TiesmithError } from "../errors.ts";
import { CHUNKS_PER_THREAD } from "../memory-budget.ts";
import { packageRoot } from "../native/package-root.ts";
import {
  type Answer,
  type Batch,
  type BatchAnswer,
  BORROWS,
  CANCELLED,
  type LoadedMessage,
  type Operation,
  type TimedMessage,
  type WorkerSetting,
} from "./operations.ts";
import { OrderedQueue } from "./task-order.ts";
import { MainTrace, TRACE } from "./trace.ts";

export class Pool {
  readonly threads: number;
  /** Chunks that each thread may have under way; tasks that a worker holds at a time. */
  readonly chunksPerThread: number;
  readonly #piscina: Piscina;
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));
  /** Ids of the threads that have loaded their modules. */
  readonly #loaded = new Set<number>();
  /** Gives up each batch that is queued or running, once a worker has died. */
  readonly #giveUps = new Set<(error: TiesmithError) => void>();
  /** The last report of each thread, where times are wanted. */
  readonly #timed = new Map<number, string>();
  readonly #trace = TRACE === null ? null : new MainTrace(TRACE);
  #failure: TiesmithError | null = null;
  #closed: Promise<void> | null = null;

  constructor(threads: number, chunksPerThread = CHUNKS_PER_THREAD) {
    this.threads = threads;
    this.chunksPerThread = chunksPerThread;
    const setting: WorkerSetting = {
      shared: this.#shared.buffer as SharedArrayBuffer,
      chunks: chunksPerThread,
    };
    this.#piscina = new Piscina({
      filename: join(packageRoot, "dist", "execute", "worker.cjs"),
      // While a merge is planned the main thread needs a core for itself: the last starts with the first batches.
      minThreads: Math.max(1, threads - 1),
      maxThreads: threads,
      concurrentTasksPerWorker: chunksPerThread,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      taskQueue: new OrderedQueue(),
      workerData: setting,
    });
    this.#piscina.on("message", (message: LoadedMessage | TimedMessage) => {
      if ("loaded" in message) this.#loaded.add(message.loaded);
      else this.#timed.set(message.thread, message.timed);
    });
    // Without a listener a worker that dies outside a task would end the process.
    this.#piscina.on("error", (error: unknown) => this.#fail(error));
    // One that dies in silence (`process.exit`) tells its tasks, if it has any: they know more, and come first.
    this.#piscina.on("workerDestroy", () => {
      if (this.#closed === null) setImmediate(() => this.#fail(new Error("it ended by itself")));
    });
  }

  /**
   * Ends the run after the death of a worker. What it has left half-done is unknown, so that nothing goes on; and
   * piscina may not replace it, so that what is queued could wait for ever.
   */
  #fail(error: unknown): void {
    this.#failure ??= new TiesmithError("WORKER_FAILED", `A worker thread died: ${messageOf(error)}`);
    for (const giveUp of this.#giveUps) giveUp(this.#failure);
    this.cancel();
  }

  /**
   * Runs operations one after the other on one worker; batches of lower `order` start first.
   * @throws {TiesmithError} the first failure of the batch; `INTERRUPTED` after {@link cancel}
   */
  async run<O extends Operation>(operations: readonly O[], order: number): Promise<Answer<O>[]> {
    if (this.#failure !== null) throw this.#failure;
    this.#trace?.dispatched();
    const batch: Batch & { [Piscina.queueOptionsSymbol]: object } = {
      operations,
      [Piscina.queueOptionsSymbol]: { order },
    };
    const answer = await new Promise<BatchAnswer>((resolve, reject) => {
      this.#giveUps.add(reject);
      const answered = this.#piscina.run(batch).finally(() => this.#giveUps.delete(reject));
      answered.then(resolve, (error: unknown) => {
        this.#fail(error);
        reject(this.#failure);
      });
    });
    if ("problem" in answer) throw TiesmithError.fromProblem(answer.problem);
    return answer.answers as Answer<O>[];
  }

  /** As {@link run}, for a batch of one. */
  async runOne<O extends Operation>(operation: O, order: number): Promise<Answer<O>> {
    const answers = await this.run([operation], order);
    return answers[0] as Answer<O>;
  }

  /** Inputs that are opened from now on leave the page cache as they are read, but for what was there before. */
  borrowCache(): void {
    Atomics.store(this.#shared, BORROWS, 1);
  }

  /** Makes every batch end at its next operation. A running native call (below 100 ms) is not cut short. */
  cancel(): void {
    Atomics.store(this.#shared, CANCELLED, 1);
  }

  /**
   * Waits for what is running, then ends the workers; mappings and descriptors go with them. Where nothing is running,
   * the workers are told before this returns, so that they unmap (35 ms for 4.4 GB) while the caller goes on.
   */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#trace?.end(this.threads);
    await this.#allLoaded();
    if (this.#giveUps.size > 0) await this.#piscina.close({ force: true }).catch(() => undefined);
    await this.#piscina.destroy();
    for (const report of this.#timed.values()) process.stderr.write(`${report}\n`);
  }

  /**
   * A thread that is ended while it loads its modules leaves descriptors open, or takes the process along
   * (Node 20: "IsGraphAsync must be used on an instantiated module").
   */
  async #allLoaded(): Promise<void> {
    // One that dies while it loads is not among the threads any more.
    while (this.#piscina.threads.some((thread) => !this.#loaded.has(thread.threadId))) await sleep(1);
  }
}

/** The threads to use where nothing else is said: cores that this process may use, by affinity and cgroup. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(availableParallelism(), cgroupCores()));
}

/** The CPU quota of the process's cgroup (version 2, then 1) in cores, or Infinity. */
function cgroupCores(): number {
  const read = (path: string) => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return "";
    }
  };
  const [quota, period] = read("/sys/fs/cgroup/cpu.max").split(" ");
  const v2 = Number(quota) / Number(period);
  if (v2 > 0) return Math.ceil(v2);
  const v1 =
    Number(read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")) /
    Number(read("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  return v1 > 0 ? Math.ceil(v1) : Number.POSITIVE_INFINITY;
}
