/** A pool thread: runs batches of operations. Imports no recipe, plan or method. */
import { parentPort, threadId, workerData } from "node:worker_threads";
import { type Problem, TiesmithError } from "../errors.ts";
import { OpenFiles } from "./open-files.ts";
import {
  type Batch,
  type BatchAnswer,
  CANCELLED,
  type LoadedMessage,
  type Operation,
  type TimedMessage,
  type WorkerSetting,
} from "./operations.ts";
import { runOperation } from "./run-operation.ts";
import { systemProblem } from "./system-problem.ts";
import { TIMERS_WANTED, Timers } from "./timers.ts";

const files = new OpenFiles();
// piscina puts the pool's workerData behind its own.
const setting = (Array.isArray(workerData) ? workerData.at(-1) : workerData) as WorkerSetting;
const shared = new Int32Array(setting.shared);

export default async function runBatch(batch: Batch): Promise<BatchAnswer> {
  const answers: unknown[] = [];
  try {
    for (const operation of batch.operations) {
      if (Atomics.load(shared, CANCELLED) !== 0)
        throw new TiesmithError("INTERRUPTED", "The run was interrupted");
      answers.push(await run(operation));
    }
    return { answers };
  } catch (error) {
    return { problem: problemOf(error) };
  } finally {
    // Every time: a thread is not told that it is about to end.
    if (timers !== null) parentPort?.postMessage({ timed: timers.report(threadId) } satisfies TimedMessage);
  }
}

const timers = TIMERS_WANTED ? new Timers() : null;

function run(operation: Operation): unknown {
  if (timers === null) return runOperation(operation, files);
  return timers.run(operation.kind, () => runOperation(operation, files));
}

function problemOf(error: unknown): Problem {
  if (error instanceof TiesmithError) return error.toProblem();
  return systemProblem(error);
}

// Once whoever loads this file is done with it: see Pool.close.
queueMicrotask(() => parentPort?.postMessage({ loaded: threadId } satisfies LoadedMessage));
