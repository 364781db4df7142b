/** Sweeps over a scope by the pool: every chunk on whichever thread is free. */
import type { SlackTally, Tally, Window } from "../native/addon.ts";
import { forEachInFlight } from "./in-flight.ts";
import { trimmedOnly } from "./local-sweeps.ts";
import type { Measured, ScopeTrim, Sweeps } from "./measure.ts";
import { measuredForChunk } from "./native-job.ts";
import type { Answer, Operation } from "./operations.ts";
import type { Pool } from "./pool.ts";
import type { Brackets } from "./sampling.ts";
import { type ChunkRef, chunkExtent, tensorsOf } from "./tensor-work.ts";

/** Batches under way per thread: enough that no worker waits for the main thread. */
const BATCHES_PER_THREAD = 4;

export class PoolSweeps implements Sweeps {
  readonly chunks: readonly ChunkRef[];
  readonly seesAll = true;
  readonly #pool: Pool;
  readonly #order: number;

  constructor(chunks: readonly ChunkRef[], pool: Pool, order: number) {
    this.chunks = chunks;
    this.#pool = pool;
    this.#order = order;
  }

  async trim(
    windows: readonly (Window | null)[],
    take: (chunk: number, model: number, tally: Tally) => void,
  ): Promise<void> {
    const operationOf = (chunk: ChunkRef) => ({ kind: "trim" as const, chunk, windows });
    await this.#sweep(operationOf, (index, tallies) => {
      for (const [model, tally] of tallies.entries()) if (tally !== null) take(index, model, tally);
    });
  }

  async norms(trims: readonly ScopeTrim[], take: (norms: Float64Array) => void): Promise<void> {
    const early = new Map<number, Float64Array>();
    let next = 0;
    const operationOf = (chunk: ChunkRef, index: number) => ({
      kind: "norms" as const,
      chunk,
      measured: trimmedOnly(trims, index),
    });
    await this.#sweep(operationOf, (index, norms) => {
      early.set(index, norms);
      for (let ready = early.get(next); ready !== undefined; ready = early.get(++next)) {
        early.delete(next);
        take(ready);
      }
    });
  }

  async slack(
    measured: Measured,
    window: Window | null,
    take: (chunk: number, tally: SlackTally) => void,
  ): Promise<void> {
    const operationOf = (chunk: ChunkRef, index: number) => ({
      kind: "slack" as const,
      chunk,
      measured: measuredForChunk(measured, index),
      window,
    });
    await this.#sweep(operationOf, take);
  }

  /** A sample is small: one worker takes it all. */
  async sample(): Promise<Brackets> {
    const { tensors } = tensorsOf(this.chunks);
    return this.#pool.runOne({ kind: "sample" as const, tensors }, this.#order);
  }

  async #sweep<O extends Operation>(
    operationOf: (chunk: ChunkRef, index: number) => O,
    take: (index: number, answer: Answer<O>) => void,
  ): Promise<void> {
    const limit = this.#pool.threads * BATCHES_PER_THREAD;
    await forEachInFlight(
      this.#batches(),
      limit,
      () => 1,
      async ({ first, count }) => {
        const operations = this.chunks
          .slice(first, first + count)
          .map((chunk, i) => operationOf(chunk, first + i));
        const answers = await this.#pool.run(operations, this.#order);
        for (const [i, answer] of answers.entries()) take(first + i, answer);
      },
    );
  }

  /** Neighbouring chunks together, up to the cost of a full one. */
  *#batches(): Generator<{ first: number; count: number }> {
    let first = 0;
    let cost = 0;
    for (const [index, chunk] of this.chunks.entries()) {
      const own = chunkExtent(chunk).elementCount;
      if (index > first && cost + own > chunk.tensor.chunkElements) {
        yield { first, count: index - first };
        first = index;
        cost = 0;
      }
      cost += own;
    }
    if (first < this.chunks.length) yield { first, count: this.chunks.length - first };
  }
}
