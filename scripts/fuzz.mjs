#!/usr/bin/env node
/**
 * Hostile files by the million: `node scripts/fuzz.mjs [--target headers] [--count 1000000] [--seed N]`.
 * Sets the tests of test/fuzz on one reader (headers, indexes, recipes, objects) or, without --target, on each in
 * turn. Batches run one after the other in processes of their own, so that one that hangs is ended and told.
 * Prints every batch's seed, and of a failure the smallest case and the command that repeats it.
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const TARGETS = ["headers", "indexes", "recipes", "objects"];
const BATCH = 50_000;
// A case takes 0.1 to 3 ms on one core; a batch that needs this long hangs.
const BATCH_LIMIT_MS = 60 * 60_000;

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    count: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  console.error("Expected whole numbers for --count (from 1) and --seed");
  process.exit(2);
}
if (values.target !== undefined && !TARGETS.includes(values.target)) {
  console.error(`Expected --target as one of ${TARGETS.join(", ")}, but received ${values.target}`);
  process.exit(2);
}

/** Runs one batch; gives what is wrong, or null. */
function runBatch(target, batchCount, batchSeed) {
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules", "vitest", "vitest.mjs"), "run", "test/fuzz/fuzz.test.ts", "--no-color"],
    {
      cwd: ROOT,
      encoding: "utf8",
      timeout: BATCH_LIMIT_MS,
      maxBuffer: 2 ** 28,
      env: {
        ...process.env,
        TIESMITH_FUZZ_TARGET: target,
        TIESMITH_FUZZ_COUNT: String(batchCount),
        TIESMITH_FUZZ_SEED: String(batchSeed),
      },
    },
  );
  if (status === 0) return null;
  return `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}${signal === null ? "" : ` (${signal})`}`;
}

console.log(`seed ${seed}`);
for (const target of values.target === undefined ? TARGETS : [values.target]) {
  const start = performance.now();
  for (let done = 0; done < count; done += BATCH) {
    const batchCount = Math.min(BATCH, count - done);
    const batchSeed = (seed + done / BATCH) % 2 ** 31;
    const fault = runBatch(target, batchCount, batchSeed);
    if (fault !== null) {
      console.error(fault);
      console.error(
        `Again: node scripts/fuzz.mjs --target ${target} --count ${batchCount} --seed ${batchSeed}`,
      );
      process.exit(1);
    }
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(
      `${target}: ${done + batchCount} of ${count} cases passed in ${seconds} s (seed ${batchSeed})`,
    );
  }
}
