/**
 * The pool's queue: earlier tensors first, so that a tensor is combined while its measuring pass is still
 * in the cache, and tensors finish in file order.
 */
import { Piscina } from "piscina";

type QueuedTask = NonNullable<ReturnType<TaskQueue["shift"]>>;
type TaskQueue = NonNullable<NonNullable<ConstructorParameters<typeof Piscina>[0]>["taskQueue"]>;
interface Ordered {
  readonly order: number;
}

function orderOf(task: QueuedTask): number {
  return (task[Piscina.queueOptionsSymbol as keyof QueuedTask] as Ordered | null)?.order ?? 0;
}

export class OrderedQueue implements TaskQueue {
  /** Sorted by order, last first; equal orders keep the sequence in which they came. */
  readonly #tasks: QueuedTask[] = [];

  get size(): number {
    return this.#tasks.length;
  }

  push(task: QueuedTask): void {
    const order = orderOf(task);
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (orderOf(this.#tasks[middle] as QueuedTask) > order) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
  }

  shift(): QueuedTask | null {
    return this.#tasks.pop() ?? null;
  }

  remove(task: QueuedTask): void {
    const index = this.#tasks.indexOf(task);
    if (index >= 0) this.#tasks.splice(index, 1);
  }
}
