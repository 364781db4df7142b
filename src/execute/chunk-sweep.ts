/** One pass over a scope's chunks, several operations on each while it is in the cache. */
import { forEachInFlight } from "./in-flight.ts";
import type { Answer, Operation } from "./operations.ts";
import type { Pool } from "./pool.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** Batches under way per thread: enough that no worker waits for the main thread. */
const BATCHES_PER_THREAD = 4;

/** What one pass asks of a chunk, and who hears the answers, in the order of the operations. */
export interface ChunkWork<O extends Operation> {
  readonly operations: readonly O[];
  readonly answered: (answers: Answer<O>[]) => void;
}

/** Runs the work of every chunk; neighbours share a task up to the cost of a full chunk. Answers come in any order. */
export async function sweepChunks<O extends Operation>(
  chunks: readonly ChunkRef[],
  workOf: (index: number) => ChunkWork<O>,
  pool: Pool,
  order: number,
): Promise<void> {
  await forEachInFlight(
    batchesOf(chunks),
    pool.threads * BATCHES_PER_THREAD,
    () => 1,
    async ({ first, count }) => {
      const works = Array.from({ length: count }, (_, i) => workOf(first + i));
      const answers = await pool.run(
        works.flatMap(({ operations }) => operations),
        order,
      );
      let taken = 0;
      for (const { operations, answered } of works) {
        answered(answers.slice(taken, taken + operations.length));
        taken += operations.length;
      }
    },
  );
}

function* batchesOf(chunks: readonly ChunkRef[]): Generator<{ first: number; count: number }> {
  let first = 0;
  let cost = 0;
  for (const [index, chunk] of chunks.entries()) {
    const own = chunkExtent(chunk).elementCount;
    if (index > first && cost + own > chunk.tensor.chunkElements) {
      yield { first, count: index - first };
      first = index;
      cost = 0;
    }
    cost += own;
  }
  if (first < chunks.length) yield { first, count: chunks.length - first };
}
