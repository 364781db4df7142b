/** How much memory a merge takes, and how it takes less. */
import { TiesmithError } from "./errors.ts";

/**
 * Output bytes of a full chunk: 4 Mi elements in half precision, 2 Mi in f32. A chunk's passes take about 10 ms,
 * some hundred times what handing it to a worker costs.
 */
export const DEFAULT_CHUNK_BYTES = 8 << 20;

/**
 * Chunks that a thread has under way: one that is computed, and those that are written, or wait for their tensor's cuts.
 * With fewer two threads wait for the disk (measured: 3.9 s with 2, 3.1 s with 3, 2.9 s with 4, for one merge).
 */
export const CHUNKS_PER_THREAD = 4;

/** What this many threads have under way keeps a disk busy: with more of them, each needs no more than two chunks. */
const FEW_THREADS = 2;
/**
 * With more, one will do: together they compute more than a disk can write. On 16 cores two each took up to 598 MB in
 * place of 344, and were faster by at most 5 %.
 */
const MANY_THREADS = 8;

/** Chunks that each of so many threads has under way, where nothing else is said. */
export function chunksPerThreadOf(threads: number): number {
  if (threads <= FEW_THREADS) return CHUNKS_PER_THREAD;
  return threads <= MANY_THREADS ? 2 : 1;
}

/**
 * The main thread with recipe, plan and records; a worker's heap, and what it has beside its chunks; a chunk with what
 * its draft leaves undecided, in eighths of its output. Measured at the most, for ties_sv over 1.1B and 3B parameters: 69 MB
 * with one thread of one chunk, 91 MB with one of 4, 159 MB with 2 of 4, 178 MB with 4 of 2, 246 MB with 8 of one, 282 MB
 * with 8 of 2, 350 MB with 16 of one.
 */
const MAIN_BYTES = 90e6;
const WORKER_BYTES = 13e6;
const CHUNK_EIGHTHS = 11;

export interface MemoryOptions {
  readonly threads: number;
  /** Anonymous memory to stay below; mapped inputs are not counted, since the system drops them when it must. */
  readonly maxMemoryBytes?: number | undefined;
  readonly chunkElements?: number | undefined;
  /** Of the output; to encode a chunk for GGUF takes another. */
  readonly format?: "safetensors" | "gguf" | undefined;
}

/** What runs at a time, and the most anonymous memory that it takes. */
export interface MemoryBudget {
  readonly threads: number;
  readonly chunksPerThread: number;
  readonly peakBytes: number;
}

/**
 * As many threads, and then as many chunks, as the bound allows. What is written does not depend on it.
 * @throws {TiesmithError} `USAGE` with the least possible figure, if the bound is below it
 */
export function memoryBudget(options: MemoryOptions): MemoryBudget {
  const { maxMemoryBytes = Number.POSITIVE_INFINITY } = options;
  for (let threads = options.threads; threads >= 1; threads--)
    for (let chunksPerThread = chunksPerThreadOf(threads); chunksPerThread >= 1; chunksPerThread--) {
      const peakBytes = peakOf(threads, chunksPerThread, options);
      if (peakBytes <= maxMemoryBytes) return { threads, chunksPerThread, peakBytes };
    }
  const least = Math.ceil(peakOf(1, 1, options) / 1e6);
  throw new TiesmithError(
    "USAGE",
    `Expected at least ${least} MB of memory for one thread with one chunk, but received ${maxMemoryBytes} bytes for --max-memory`,
    { option: "maxMemoryBytes", required: least * 1e6 },
  );
}

function peakOf(threads: number, chunksPerThread: number, { chunkElements, format }: MemoryOptions): number {
  // Of f32, the widest format, where the number of elements was chosen.
  const chunkBytes = chunkElements === undefined ? DEFAULT_CHUNK_BYTES : 4 * chunkElements;
  // Encoding has the merged chunk and the one for the file in memory; and as tensors of a GGUF file begin anywhere, the
  // scratch of a chunk has large pages of which it uses a part (measured: 223 MB with 2 threads, 557 MB with 8).
  const chunks = chunksPerThread + (format === "gguf" ? 2 : 0);
  return MAIN_BYTES + threads * (WORKER_BYTES + (chunks * chunkBytes * CHUNK_EIGHTHS) / 8);
}
