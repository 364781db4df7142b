/**
 * Fifty times kill -9, whenever it comes: a merge that is resumed as often ends in the bytes of an undisturbed one.
 * The moments come from a seed, which is printed; `TIESMITH_TEST_SEED` repeats it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { merge } from "tiesmith";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MERGE_CHILD } from "../execute/merge-process.ts";
import { folderFacts } from "../execute/merged-folder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";

const KILLS = 50;
const SCOPES = ["tensor", "model"] as const;
const seed = Number(process.env.TIESMITH_TEST_SEED ?? Date.now() % 1e6);

let folder = "";
const finished = new Map<string, unknown>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  for (const scope of SCOPES) {
    const out = join(folder, scope, "out");
    await merge(faultRecipe(folder, scope), { ...FAULT_OPTIONS, out });
    finished.set(scope, folderFacts(out));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Numbers from 0 to 1. */
function randomNumbers(): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A merge in another process that has begun; it goes on with what it finds. */
async function startMerge(scope: (typeof SCOPES)[number], out: string): Promise<ChildProcess> {
  const merges = [{ recipe: faultRecipe(folder, scope), options: { ...FAULT_OPTIONS, out, resume: true } }];
  const child = spawn(process.execPath, [MERGE_CHILD, JSON.stringify({ merges })], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await once(child.stderr as NodeJS.ReadableStream, "data");
  return child;
}

async function undisturbedMilliseconds(): Promise<number> {
  const child = await startMerge("tensor", join(folder, "timed", "out"));
  const started = performance.now();
  expect(await once(child, "close")).toEqual([0, null]);
  return performance.now() - started;
}

it(`killed at ${KILLS} random moments, and resumed`, async () => {
  console.log(`Random kills: repeat with TIESMITH_TEST_SEED=${seed}`);
  const random = randomNumbers();
  const longest = await undisturbedMilliseconds();
  const place = join(folder, "killed");
  const out = join(place, "out");
  let kills = 0;
  for (let merges = 0; kills < KILLS; merges++) {
    const scope = SCOPES[merges % SCOPES.length] as (typeof SCOPES)[number];
    while (!existsSync(out)) {
      const child = await startMerge(scope, out);
      const closed = once(child, "close");
      await sleep(random() * longest);
      child.kill("SIGKILL");
      const [, signal] = await closed;
      if (signal === "SIGKILL") kills += 1;
      else expect(readdirSync(place)).toEqual(["out"]);
    }
    expect(existsSync(`${out}.partial`)).toBe(false);
    expect(folderFacts(out)).toEqual(finished.get(scope));
    rmSync(place, { recursive: true });
  }
});
