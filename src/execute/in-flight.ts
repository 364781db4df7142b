/** Bounds how much work is under way at once, so that memory does not grow with the model. */

/** A counting gate, in whole numbers: {@link enter} waits until `cost` fits the limit (or nothing else is inside). */
export class Gate {
  readonly #limit: number;
  #inside = 0;
  readonly #waiting: { cost: number; open: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  async enter(cost: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(cost)) {
      this.#inside += cost;
      return;
    }
    await new Promise<void>((open) => this.#waiting.push({ cost, open }));
  }

  leave(cost: number): void {
    this.#inside -= cost;
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.cost); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#inside += next.cost;
      next.open();
    }
  }

  #fits(cost: number): boolean {
    return this.#inside === 0 || this.#inside + cost <= this.#limit;
  }
}

/**
 * Calls `work` for each item in order, with at most `limit` (in units of `costOf`) under way. After a failure
 * nothing new starts; what runs is waited for, and the first error is thrown. `leave` tells that a part of an
 * item's cost has gone before the item is done.
 */
export async function forEachInFlight<T>(
  items: Iterable<T>,
  limit: number,
  costOf: (item: T) => number,
  work: (item: T, leave: (cost: number) => void) => Promise<void>,
): Promise<void> {
  const gate = new Gate(limit);
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | null = null;
  for (const item of items) {
    let cost = costOf(item);
    await gate.enter(cost);
    if (failure !== null) break;
    const leave = (part: number) => {
      cost -= part;
      gate.leave(part);
    };
    const task: Promise<void> = work(item, leave)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        running.delete(task);
        leave(cost);
      });
    running.add(task);
  }
  await Promise.all(running);
  if (failure !== null) throw (failure as { error: unknown }).error;
}
