/** A pool thread: runs batches of operations. Imports no recipe, plan or method. */
import { parentPort, threadId, workerData } from "node:worker_threads";
import { type Problem, TiesmithError } from "../errors.ts";
import { watchCalls } from "../native/watched-addon.ts";
import { ChunkRoom } from "./chunk-room.ts";
import { OpenFiles } from "./open-files.ts";
import {
  type Batch,
  type BatchAnswer,
  BORROWS,
  CANCELLED,
  type LoadedMessage,
  type TimedMessage,
  type WorkerSetting,
} from "./operations.ts";
import { runOperation } from "./run-operation.ts";
import { systemProblem } from "./system-problem.ts";
import { formatTimes, TIMERS, Timers } from "./timers.ts";
import { TRACE, WorkerTrace } from "./trace.ts";

// piscina puts the pool's workerData behind its own.
const setting = (Array.isArray(workerData) ? workerData.at(-1) : workerData) as WorkerSetting;
const shared = new Int32Array(setting.shared);
const files = new OpenFiles(() => Atomics.load(shared, BORROWS) !== 0);
const room = new ChunkRoom(setting.chunks);

const timers = TIMERS === null ? null : new Timers(threadId);
const trace = TRACE === null ? null : new WorkerTrace(TRACE, threadId);
if (timers !== null || trace !== null)
  watchCalls((call) => {
    timers?.heard(call);
    trace?.heard(call);
  });

export default async function runBatch(batch: Batch): Promise<BatchAnswer> {
  timers?.begin();
  const traced = trace?.batch();
  const answers: unknown[] = [];
  try {
    for (const operation of batch.operations) {
      if (Atomics.load(shared, CANCELLED) !== 0)
        throw new TiesmithError("INTERRUPTED", "The run was interrupted");
      const run = () => runOperation(operation, files, room);
      answers.push(await (traced === undefined ? run() : traced.operation(operation, run)));
    }
    return { answers };
  } catch (error) {
    return { problem: problemOf(error) };
  } finally {
    traced?.end();
    if (timers !== null) tellTimes(timers);
  }
}

/** After every batch: a thread is not told that it is about to end. */
function tellTimes(told: Timers): void {
  const timed = formatTimes(told.times, TIMERS ?? "");
  parentPort?.postMessage({ thread: threadId, timed } satisfies TimedMessage);
}

function problemOf(error: unknown): Problem {
  if (error instanceof TiesmithError) return error.toProblem();
  return systemProblem(error);
}

// Once whoever loads this file is done with it: see Pool.close.
queueMicrotask(() => parentPort?.postMessage({ loaded: threadId } satisfies LoadedMessage));
