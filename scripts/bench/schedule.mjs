/*
Runs the engine's own scheduling code (mergeTensors, measureModel, the ordered queue) on a pool that computes nothing:
answers come when, on a clock that jumps from event to event, the traced times of their operations are over. What is
simulated is what the pool does: the main thread takes its time for each batch, one after the other; a worker holds
as many batches as it has chunks, computes one at a time, and goes on with another while one waits for its write. Writes
take as long as they were traced, however many there are; memory and caches are as fast for many workers as for few.
*/
import { answerOf } from "./simulated-answers.mjs";

/** Events in the order of their times; equal times in that in which they came. */
class Clock {
  now = 0;
  #events = [];

  after(delay, event) {
    const at = this.now + delay;
    let index = this.#events.length;
    while (index > 0 && this.#events[index - 1].at <= at) index--;
    this.#events.splice(index, 0, { at, event });
  }

  /** Goes on to the next event; false if there is none. */
  step() {
    const next = this.#events.pop();
    if (next === undefined) return false;
    this.now = next.at;
    next.event();
    return true;
  }
}

/** One thread: what it has begun and can go on with, first come, first served. */
class Thread {
  busy = 0;
  #clock;
  #ready = [];
  #running = false;

  constructor(clock) {
    this.#clock = clock;
  }

  /** Has the thread for `duration` when its turn comes, then calls `then`. */
  use(duration, then) {
    this.#ready.push({ duration, then });
    this.#next();
  }

  /** As {@link use}, by what has the thread already. */
  keep(duration, then) {
    this.#ready.unshift({ duration, then });
    this.#next();
  }

  #next() {
    if (this.#running) return;
    const step = this.#ready.shift();
    if (step === undefined) return;
    this.#running = true;
    this.busy += step.duration;
    this.#clock.after(step.duration, () => {
      this.#running = false;
      step.then();
      this.#next();
    });
  }
}

/** What mergeTensors takes for a pool. */
class SimulatedPool {
  threads;
  batchCount = 0;
  #clock;
  #main;
  #workers;
  #queue;
  #order;
  #times;
  #costs;

  constructor({ OrderedQueue, Piscina, chunksPerThreadOf }, clock, threads, times, costs) {
    this.threads = threads;
    this.chunksPerThread = chunksPerThreadOf(threads);
    this.#clock = clock;
    this.#times = times;
    this.#costs = costs;
    this.#main = new Thread(clock);
    this.#workers = Array.from({ length: threads }, () => ({ thread: new Thread(clock), held: 0 }));
    this.#queue = new OrderedQueue();
    this.#order = Piscina.queueOptionsSymbol;
  }

  get busy() {
    return this.#workers.reduce((sum, { thread }) => sum + thread.busy, 0);
  }

  get mainBusy() {
    return this.#main.busy;
  }

  async runOne(operation, order) {
    return (await this.run([operation], order))[0];
  }

  /** Half of the main thread's time goes to handing a batch out, half to taking its answer. */
  run(operations, order) {
    this.batchCount += 1;
    return new Promise((answered) => {
      this.#main.use(this.#costs.main / 2, () => {
        this.#queue.push({ operations, answered, [this.#order]: { order } });
        this.#handOut();
      });
    });
  }

  /** The least busy worker that has room takes the first of the queue. */
  #handOut() {
    while (this.#queue.size > 0) {
      const worker = this.#workers.reduce((least, other) => (other.held < least.held ? other : least));
      if (worker.held >= this.chunksPerThread) return;
      const batch = this.#queue.shift();
      worker.held += 1;
      worker.thread.use(this.#costs.worker, () => this.#operation(worker, batch, 0));
    }
  }

  #operation(worker, batch, index) {
    const operation = batch.operations[index];
    if (operation === undefined) return this.#ended(worker, batch);
    const { busy, waited } = this.#times(operation);
    worker.thread.keep(busy, () => {
      const goOn = () => this.#operation(worker, batch, index + 1);
      if (waited > 0) this.#clock.after(waited, goOn);
      else goOn();
    });
  }

  #ended(worker, { operations, answered }) {
    this.#main.use(this.#costs.main / 2, () => {
      worker.held -= 1;
      this.#handOut();
      answered(operations.map((operation) => answerOf(operation, this.#times(operation))));
    });
  }
}

/**
 * Simulates a merge.
 *
 * @param {Record<string, any>} engine mergeTensors, measureModel, OrderedQueue, Piscina
 * @param {{ works: object[], isModelScope: boolean, threads: number }} merge
 * @param {(operation: object) => { busy: number, waited: number, undecided: number }} times milliseconds
 * @param {{ main: number, worker: number }} costs of a batch, in milliseconds
 * @returns {Promise<{ milliseconds: number, efficiency: number, mainShare: number, batchCount: number }>} `mainShare`: of
 *   the main thread's time; `efficiency`: the share of the workers' time that operations took
 */
export async function simulate(engine, { works, isModelScope, threads }, times, costs) {
  const clock = new Clock();
  const pool = new SimulatedPool(engine, clock, threads, times, costs);
  let end = null;
  const merged = mergeOn(engine, works, isModelScope, pool).finally(() => {
    end = clock.now;
  });
  merged.catch(() => undefined); // thrown below
  do await new Promise(setImmediate);
  while (end === null && clock.step());
  if (end === null) throw new Error("Expected the merge to go on, but all batches are answered");
  await merged;
  const { batchCount } = pool;
  const computing = pool.busy - batchCount * costs.worker;
  return {
    ...{ threads, milliseconds: end, batchCount },
    ...{ efficiency: computing / (threads * end), mainShare: pool.mainBusy / end },
  };
}

async function mergeOn({ measureModel, mergeTensors }, works, isModelScope, pool) {
  const scope = isModelScope ? await measureModel(works, pool) : null;
  await mergeTensors(works, scope, pool, { tensorDone: () => {}, advanced: () => {} });
}
