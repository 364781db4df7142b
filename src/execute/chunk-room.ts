/** How many chunks one thread holds in memory: those that it drafts, and those that are being written. */
import { Gate } from "./in-flight.ts";

export class ChunkRoom {
  /** At the most. */
  readonly chunks: number;
  readonly #chunks: Gate;
  readonly #turn = new Gate(1);

  constructor(chunks: number) {
    this.chunks = chunks;
    this.#chunks = new Gate(chunks);
  }

  /** Waits for room for one more chunk. Whoever enters leaves. */
  enter(): Promise<void> {
    return this.#chunks.enter(1);
  }

  leave(chunks = 1): void {
    this.#chunks.leave(chunks);
  }

  /**
   * Waits until no other `work` gathers chunks: two that each held some, and waited for those of the other, would wait
   * for ever.
   */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn.enter(1);
    try {
      return await work();
    } finally {
      this.#turn.leave(1);
    }
  }
}
