/** Reads pieces of files through the pool: in order, read ahead, small ones sharing a task. */
import { forEachInFlight } from "./in-flight.ts";
import type { Answer, ByteRange, Operation } from "./operations.ts";
import type { Pool } from "./pool.ts";
import type { ReadProgress } from "./with-pool.ts";

/** What is asked of one piece of a tensor (or of two tensors), and who hears the answers. */
export interface Piece<O extends Operation> {
  readonly reads: readonly ByteRange[];
  readonly operations: readonly O[];
  /** Called once, on the caller's thread; pieces may be answered in any order. */
  readonly answered: (answers: Answer<O>[]) => void;
}

// A task of 8 MiB takes some ms from the page cache, against about 0.1 ms for passing it to a thread.
const BATCH_BYTES = 8 << 20;
const BATCH_PIECES = 256;
/** Batches under way per thread: two run, the others are read ahead by the system meanwhile. */
const BATCHES_PER_THREAD = 4;
/** Before any batch: the system is asked to read, which takes no time of the thread. */
const FIRST = -1;

/** Pieces are made as they are needed, so that memory does not grow with the model. */
export async function sweepPieces<O extends Operation>(
  pieces: Iterable<Piece<O>>,
  pool: Pool,
): Promise<void> {
  let order = 0;
  await forEachInFlight(
    batchesOf(pieces),
    pool.threads * BATCHES_PER_THREAD,
    () => 1,
    async (batch) => {
      const own = order++;
      const ranges = batch.flatMap(({ reads }) => reads);
      await pool.run([{ kind: "readAhead" as const, ranges }], FIRST);
      const answers = await pool.run(
        batch.flatMap(({ operations }) => operations),
        own,
      );
      let first = 0;
      for (const { operations, answered } of batch) {
        answered(answers.slice(first, first + operations.length));
        first += operations.length;
      }
    },
  );
}

function* batchesOf<O extends Operation>(pieces: Iterable<Piece<O>>): Generator<Piece<O>[]> {
  let batch: Piece<O>[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    batch.push(piece);
    bytes += bytesOf(piece.reads);
    if (bytes < BATCH_BYTES && batch.length < BATCH_PIECES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function bytesOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { byteCount }) => sum + byteCount, 0);
}

/** Counts what has been read, and tells it. */
export class ReadMeter {
  readonly #report: ((progress: ReadProgress) => void) | undefined;
  readonly #started = performance.now();
  readonly #totalBytes: number;
  readonly #totalTensors: number;
  #doneBytes = 0;
  #doneTensors = 0;

  constructor(
    totals: { readonly bytes: number; readonly tensors: number },
    report: ((progress: ReadProgress) => void) | undefined,
  ) {
    this.#totalBytes = totals.bytes;
    this.#totalTensors = totals.tensors;
    this.#report = report;
  }

  /** Bytes have been read, and tensors finished with them. */
  advance(bytes: number, tensors: number): void {
    this.#doneBytes += bytes;
    this.#doneTensors += tensors;
    this.#report?.({
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      doneTensors: this.#doneTensors,
      totalTensors: this.#totalTensors,
      seconds: this.seconds,
    });
  }

  /** Since the meter was made. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }
}
