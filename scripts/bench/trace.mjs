import { readFileSync } from "node:fs";

/**
 * A trace as TIESMITH_TRACE writes it (src/execute/trace.ts). Times are milliseconds.
 *
 * @typedef {object} Trace
 * @property {{ threads: number, batches: number, started: number, ended: number, busy: number }} main
 * @property {{ thread: number, started: number, ended: number, active: number, operations: TracedOperation[] }[]} batches
 */

/** @typedef {{ kind: string, tensor?: string, chunk?: number, busy: number, waited: number, undecided?: number }} TracedOperation */

/** @returns {Trace} */
export function readTrace(file) {
  const lines = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const mains = lines.filter(({ main }) => main === true);
  if (mains.length !== 1)
    throw new Error(`Expected one run in the trace ${file}, but found ${mains.length} that have ended`);
  return { main: mains[0], batches: lines.filter(({ main }) => main !== true) };
}

/** What the main thread, and a worker beside its operations, take for a batch on average. */
export function batchCosts({ main, batches }) {
  const busy = sum(batches.flatMap(({ operations }) => operations.map((operation) => operation.busy)));
  return {
    main: main.busy / main.batches,
    worker: Math.max(0, activeTime(batches) - busy) / batches.length,
  };
}

/** How long the workers were active from the start of the first batch of each to the end of its last. */
function activeTime(batches) {
  const threads = new Map();
  for (const batch of batches) threads.set(batch.thread, [...(threads.get(batch.thread) ?? []), batch]);
  return sum(
    [...threads.values()].map((own) => {
      const actives = own.map(({ active }) => active);
      const [first] = own;
      // What a thread did before it ended its first batch was, but for that batch, to load its modules.
      return Math.max(...actives) - Math.min(...actives) + sum(first.operations.map(({ busy }) => busy));
    }),
  );
}

/** Times of operations: those that were traced, and of others by what their kind takes for an element. */
export class OperationTimes {
  #traced = new Map();
  #kinds = new Map();

  /**
   * @param {Trace} trace
   * @param {(operation: { kind: string, tensor?: string, chunk?: number }) => number} elementsOf
   */
  constructor({ batches }, elementsOf) {
    for (const operation of batches.flatMap(({ operations }) => operations)) {
      add(this.#traced, keyOf(operation), operation, 1);
      add(this.#kinds, operation.kind, operation, elementsOf(operation));
    }
  }

  /** Whether any operation of a kind was traced. */
  knows(kind) {
    return this.#kinds.has(kind);
  }

  /** @returns {{ busy: number, waited: number, undecided: number }} */
  of(operation, elementCount) {
    const traced = this.#traced.get(keyOf(operation));
    if (traced !== undefined) return scaled(traced, 1 / traced.weight);
    const kind = this.#kinds.get(operation.kind);
    if (kind === undefined)
      throw new Error(`Expected ${operation.kind} in the trace, but nothing of the kind was traced`);
    return scaled(kind, elementCount / kind.weight);
  }
}

function keyOf({ kind, tensor = "", chunk = "" }) {
  return `${kind} ${chunk} ${tensor}`;
}

function add(sums, key, { busy, waited, undecided = 0 }, weight) {
  const before = sums.get(key) ?? { busy: 0, waited: 0, undecided: 0, weight: 0 };
  sums.set(key, {
    busy: before.busy + busy,
    waited: before.waited + waited,
    undecided: before.undecided + undecided,
    weight: before.weight + weight,
  });
}

function scaled({ busy, waited, undecided }, factor) {
  return { busy: busy * factor, waited: waited * factor, undecided: undecided * factor };
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
