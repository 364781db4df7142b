/** Does something for the items of a list before their turn comes. */

/**
 * How many items ahead. Preparing a tensor takes one thread some milliseconds, while which nothing else of it can be
 * done: with a few others prepared, no thread has to wait for it. And a disk has work only for as long as what is read
 * ahead is not there yet: 4 tensors of 70 MB were too few.
 */
const ITEMS_AHEAD = 8;

export class Lookahead<T, Prepared> {
  readonly #items: readonly T[];
  readonly #prepare: (item: T) => Promise<Prepared>;
  readonly #prepared = new Map<number, Promise<Prepared>>();
  #next = 0;

  constructor(items: readonly T[], prepare: (item: T) => Promise<Prepared>) {
    this.#items = items;
    this.#prepare = prepare;
  }

  /** What was prepared for the item at `index`; each may be taken once, and goes on to prepare the next ones. */
  take(index: number): Promise<Prepared> {
    for (; this.#next <= index + ITEMS_AHEAD && this.#next < this.#items.length; this.#next++) {
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
}
