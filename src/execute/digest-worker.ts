/** A digest thread: takes the next path until none is left. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { CANCELLED, type DigestAnswer, type DigestSetting, NEXT_PATH } from "./file-digests.ts";
import { systemProblem } from "./system-problem.ts";

const { paths, shared: buffer } = workerData as DigestSetting;
const shared = new Int32Array(buffer);
const piece = Buffer.allocUnsafeSlow(4 << 20);
const isCancelled = () => Atomics.load(shared, CANCELLED) !== 0;
const answer = (given: DigestAnswer) => parentPort?.postMessage(given);

for (let index = take(); index < paths.length && !isCancelled(); index = take()) {
  try {
    const digest = digestOf(paths[index] as string);
    if (digest !== null) answer({ index, digest });
  } catch (error) {
    answer({ problem: systemProblem(error) });
  }
}

function take(): number {
  return Atomics.add(shared, NEXT_PATH, 1);
}

/** Null once cancelled. */
function digestOf(path: string): string | null {
  const hash = createHash("sha256");
  const descriptor = openSync(path, "r");
  try {
    for (let count = -1; count !== 0; hash.update(piece.subarray(0, count))) {
      if (isCancelled()) return null;
      count = readSync(descriptor, piece);
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}
