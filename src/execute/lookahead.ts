/** Does something for the items of a list before their turn comes. */

/**
 * How many items ahead, at the most. Preparing a tensor takes one thread some milliseconds, while which nothing else of it
 * can be done: with a few others prepared, no thread has to wait for it.
 */
const ITEMS_AHEAD = 8;

export class Lookahead<T, Prepared> {
  readonly #items: readonly T[];
  readonly #costOf: (item: T) => number;
  readonly #limit: number;
  readonly #prepare: (item: T) => Promise<Prepared>;
  readonly #prepared = new Map<number, Promise<Prepared>>();
  #next = 0;

  /** @param limit nothing more is prepared once what is beyond an item costs that much */
  constructor(
    items: readonly T[],
    { costOf, limit }: { costOf: (item: T) => number; limit: number },
    prepare: (item: T) => Promise<Prepared>,
  ) {
    this.#items = items;
    this.#costOf = costOf;
    this.#limit = limit;
    this.#prepare = prepare;
  }

  /** What was prepared for the item at `index`; each may be taken once, and goes on to prepare the next ones. */
  take(index: number): Promise<Prepared> {
    for (const end = this.#endOfWindow(index); this.#next < end; this.#next++) {
      const prepared = this.#prepare(this.#items[this.#next] as T);
      // Told to who takes it, if anybody still does.
      prepared.catch(() => undefined);
      this.#prepared.set(this.#next, prepared);
    }
    const prepared = this.#prepared.get(index);
    if (prepared === undefined) throw new Error(`item ${index} was taken twice`);
    this.#prepared.delete(index);
    return prepared;
  }

  #endOfWindow(index: number): number {
    const last = Math.min(index + ITEMS_AHEAD, this.#items.length - 1);
    let end = index + 1;
    for (let cost = 0; end <= last && cost < this.#limit; end++) cost += this.#costOf(this.#items[end] as T);
    return end;
  }
}
