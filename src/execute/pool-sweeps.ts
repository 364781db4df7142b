/** Sweeps over a scope by the pool: every chunk on whichever thread is free. */
import type { Sampling, SlackTally, Tally, Window } from "../native/addon.ts";
import { forEachInFlight } from "./in-flight.ts";
import { trimmedOnly } from "./local-sweeps.ts";
import type { Measured, ScopeTrim, Sweeps } from "./measure.ts";
import { measuredForChunk } from "./native-job.ts";
import type { Answer, Operation } from "./operations.ts";
import type { Pool } from "./pool.ts";
import { samplingOf } from "./sampling.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** Batches under way per thread: enough that no worker waits for the main thread. */
const BATCHES_PER_THREAD = 4;

export class PoolSweeps implements Sweeps {
  readonly chunks: readonly ChunkRef[];
  readonly #pool: Pool;
  readonly #order: number;

  constructor(chunks: readonly ChunkRef[], pool: Pool, order: number) {
    this.chunks = chunks;
    this.#pool = pool;
    this.#order = order;
  }

  async trim(
    windows: readonly (Window | null)[],
    sampled: boolean,
    take: (chunk: number, model: number, tally: Tally) => void,
  ): Promise<void> {
    const sampling = sampled ? samplingOf(this.chunks) : null;
    const operationOf = (chunk: ChunkRef) => ({ kind: "trim" as const, chunk, windows, sampling });
    await this.#sweep(operationOf, sampling, (index, tallies) => {
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
    await this.#sweep(operationOf, null, (index, norms) => {
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
    sampled: boolean,
    take: (chunk: number, tally: SlackTally) => void,
  ): Promise<void> {
    const sampling = sampled ? samplingOf(this.chunks) : null;
    const operationOf = (chunk: ChunkRef, index: number) => ({
      kind: "slack" as const,
      chunk,
      measured: measuredForChunk(measured, index),
      window,
      sampling,
    });
    await this.#sweep(operationOf, sampling, take);
  }

  async #sweep<O extends Operation>(
    operationOf: (chunk: ChunkRef, index: number) => O,
    sampling: Sampling | null,
    take: (index: number, answer: Answer<O>) => void,
  ): Promise<void> {
    const limit = this.#pool.threads * BATCHES_PER_THREAD;
    await forEachInFlight(
      this.#batches(sampling),
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

  /** Neighbouring chunks together, up to the cost of a full one; a sample costs its share. */
  *#batches(sampling: Sampling | null): Generator<{ first: number; count: number }> {
    const share = sampling === null ? 1 : sampling.run / sampling.stride;
    let first = 0;
    let cost = 0;
    for (const [index, chunk] of this.chunks.entries()) {
      const own = chunkExtent(chunk).elementCount * share;
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
