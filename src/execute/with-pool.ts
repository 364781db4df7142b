/** A pool for the time of one reading run (`diff`, `verify`): options checked, cancelled by signal, always closed. */
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";
import type { MergeProgress } from "./merge-options.ts";
import { defaultThreads, Pool } from "./pool.ts";

/** How far a reading run has come. */
export type ReadProgress = Omit<MergeProgress, "phase">;

/** What every run on a pool can be told. */
export interface PoolOptions {
  /** Worker threads; default: the cores that this process may use. */
  readonly threads?: number | undefined;
  readonly chunksPerThread?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends Omit<PoolOptions, "chunksPerThread"> {
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

const KNOWN = ["threads", "signal", "onProgress"];
const MOST_THREADS = 1024;

/** @throws {TiesmithError} `USAGE` naming the option; `INTERRUPTED` if the signal is aborted already */
export function checkReadOptions({ threads, signal, ...rest }: ReadOptions): void {
  const unknown = Object.keys(rest).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) refuse(unknown, `one of ${KNOWN.join(", ")}`, "an unknown option");
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    refuse("threads", `a whole number from 1 to ${MOST_THREADS}`, threads);
  throwIfInterrupted(signal);
}

/** @throws {TiesmithError} `INTERRUPTED` */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new TiesmithError("INTERRUPTED", "The run was interrupted");
}

/**
 * Starts a pool for `work` and ends its threads afterwards, whatever happened.
 * @throws {TiesmithError} `INTERRUPTED` after the signal was aborted; whatever `work` throws
 */
export async function withPool<T>(options: PoolOptions, work: (pool: Pool) => Promise<T>): Promise<T> {
  const { signal } = options;
  throwIfInterrupted(signal);
  const pool = new Pool(options.threads ?? defaultThreads(), options.chunksPerThread);
  const cancel = () => pool.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await work(pool);
  } catch (error) {
    // What is queued must not run on for nothing.
    pool.cancel();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
    await pool.close();
    addon().releaseScratch();
  }
}

function refuse(option: string, expected: string, received: unknown): never {
  throw new TiesmithError("USAGE", `Expected ${expected} for ${option}, but received ${String(received)}`, {
    option,
  });
}
