/**
 * Measures several merges of the same tensors by the same readings: each search for a cut takes its steps by itself,
 * and a pass over the files starts when all of them wait for one.
 */
import { sweepChunks } from "../execute/chunk-sweep.ts";
import { trimmedOnly } from "../execute/local-sweeps.ts";
import { type Measured, measureScope, type Sweeps } from "../execute/measure.ts";
import { measuredForChunk } from "../execute/native-job.ts";
import type { NormsOperation, SlackOperation, TrimOperation } from "../execute/operations.ts";
import type { Pool } from "../execute/pool.ts";
import { type ChunkRef, type SourceRef, tensorsOf } from "../execute/tensor-work.ts";
import type { TiesArithmetic } from "../methods/method.ts";
import type { Tally, Window } from "../native/addon.ts";

type SweepOperation = TrimOperation | NormsOperation | SlackOperation;

/** A search for cuts that waits for its next pass. */
interface TrimRequest {
  readonly variant: number;
  readonly windows: readonly (Window | null)[];
  readonly take: (chunk: number, model: number, tally: Tally) => void;
}

/** Norms, or losses, of one variant. */
interface OwnRequest {
  readonly operationOf: (chunk: number) => NormsOperation | SlackOperation;
  readonly take: (chunk: number, answer: never) => void;
}

type Request = (TrimRequest | OwnRequest) & {
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
};

/**
 * Measures variants of a scope. `chunks[v]` are those of variant v, which differ in models and arithmetic only. What
 * two variants ask of the same file is read, and counted, once.
 * @throws {TiesmithError} what the pool throws
 */
export async function measureVariants(
  chunks: readonly (readonly ChunkRef[])[],
  arithmetics: readonly TiesArithmetic[],
  pool: Pool,
  order: number,
): Promise<Measured[]> {
  const passes = new SharedPasses(chunks, pool, order);
  const settled = await Promise.allSettled(
    arithmetics.map(async (arithmetic, variant) => {
      try {
        return await measureScope(arithmetic, passes.sweeps(variant));
      } finally {
        passes.leave();
      }
    }),
  );
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

class SharedPasses {
  readonly #chunks: readonly (readonly ChunkRef[])[];
  readonly #pool: Pool;
  readonly #order: number;
  #active: number;
  #waiting: Request[] = [];

  constructor(chunks: readonly (readonly ChunkRef[])[], pool: Pool, order: number) {
    this.#chunks = chunks;
    this.#pool = pool;
    this.#order = order;
    this.#active = chunks.length;
  }

  /** A variant has been measured, or has failed. */
  leave(): void {
    this.#active -= 1;
    this.#startIfAllWait();
  }

  sweeps(variant: number): Sweeps {
    const chunks = this.#chunks[variant] as readonly ChunkRef[];
    const chunkAt = (index: number) => chunks[index] as ChunkRef;
    return {
      chunks,
      seesAll: true,
      trim: (windows, take) => this.#wait({ variant, windows, take }),
      norms: (trims, take) => {
        const operationOf = (index: number) => ({
          kind: "norms" as const,
          chunk: chunkAt(index),
          measured: trimmedOnly(trims, index),
        });
        return this.#wait({ operationOf, take: inOrder(take) });
      },
      slack: (measured, window, take) => {
        const operationOf = (index: number) => ({
          kind: "slack" as const,
          chunk: chunkAt(index),
          measured: measuredForChunk(measured, index),
          window,
        });
        return this.#wait({ operationOf, take });
      },
      sample: () => {
        const { tensors } = tensorsOf(chunks);
        return this.#pool.runOne({ kind: "sample" as const, tensors }, this.#order);
      },
    };
  }

  #wait(request: TrimRequest | OwnRequest): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ ...request, done, failed });
      this.#startIfAllWait();
    });
  }

  #startIfAllWait(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#active) return;
    const requests = this.#waiting;
    this.#waiting = [];
    this.#pass(requests).then(
      () => {
        for (const { done } of requests) done();
      },
      (error: unknown) => {
        for (const { failed } of requests) failed(error);
      },
    );
  }

  #pass(requests: readonly Request[]): Promise<void> {
    const trims = requests.filter((request) => "windows" in request);
    const others = requests.filter((request) => "operationOf" in request);
    const workOf = (index: number) => {
      const shared = trims.length === 0 ? [] : [this.#sharedTrim(trims, index)];
      return {
        operations: [
          ...shared.map(({ operation }) => operation),
          ...others.map(({ operationOf }) => operationOf(index)),
        ] as SweepOperation[],
        answered: (answers: unknown[]) => {
          for (const { tell } of shared) tell(answers[0] as (Tally | null)[]);
          for (const [i, { take }] of others.entries()) take(index, answers[shared.length + i] as never);
        },
      };
    };
    return sweepChunks(this.#chunks[0] ?? [], workOf, this.#pool, this.#order);
  }

  #chunk(variant: number, index: number): ChunkRef {
    return (this.#chunks[variant] as readonly ChunkRef[])[index] as ChunkRef;
  }

  /** One count of each file in each window, whoever asked for it. */
  #sharedTrim(requests: readonly TrimRequest[], index: number) {
    const sources: SourceRef[] = [];
    const windows: Window[] = [];
    const askers: ((tally: Tally) => void)[][] = [];
    const known = new Map<string, number>();
    for (const { variant, windows: own, take } of requests) {
      const { models } = this.#chunk(variant, index).tensor;
      for (const [model, window] of own.entries()) {
        if (window === null) continue;
        const source = models[model] as SourceRef;
        const key = [source.path, source.byteOffset, window.low, window.high, window.shift].join("\n");
        const place = known.get(key) ?? sources.length;
        if (place === sources.length) {
          known.set(key, place);
          sources.push(source);
          windows.push(window);
          askers.push([]);
        }
        askers[place]?.push((tally) => take(index, model, tally));
      }
    }
    const chunk = this.#chunk(0, index);
    const operation: TrimOperation = {
      kind: "trim",
      chunk: { ...chunk, tensor: { ...chunk.tensor, models: sources } },
      windows,
    };
    const tell = (tallies: readonly (Tally | null)[]) => {
      for (const [place, tally] of tallies.entries())
        if (tally !== null) for (const take of askers[place] ?? []) take(tally);
    };
    return { operation, tell };
  }
}

/** Hands on what comes in any order in the order of the chunks. */
function inOrder<T>(take: (item: T) => void): (index: number, item: T) => void {
  const early = new Map<number, T>();
  let next = 0;
  return (index, item) => {
    early.set(index, item);
    for (let ready = early.get(next); ready !== undefined; ready = early.get(++next)) {
      early.delete(next);
      take(ready);
    }
  };
}
