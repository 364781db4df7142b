/** A worker thread that dies ends the merge with an error; what was done is kept, and nothing waits for ever. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import workerThreads, { Worker, type WorkerOptions } from "node:worker_threads";
import { diff, type MergeOptions, merge, TiesmithError, verify } from "tiesmith";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { folderFacts } from "../execute/merged-folder.ts";
import { traces } from "../execute/process-traces.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";

let folder = "";
let out = "";
let finished: unknown;
/** Of the same name, which the model card tells. */
const merged = () => join(folder, "whole", "out");

/** The threads that piscina starts, and what it starts them with besides. */
let started: Worker[] = [];
let extra: WorkerOptions = {};
class WatchedWorker extends Worker {
  constructor(path: string, options: WorkerOptions) {
    super(path, { ...options, ...extra });
    started.push(this);
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  out = join(folder, "out");
  workerThreads.Worker = WatchedWorker;
  await merge(faultRecipe(folder), { ...FAULT_OPTIONS, out: merged() });
  expect(started.length).toBe(FAULT_OPTIONS.threads);
  finished = folderFacts(merged());
});
afterEach(() => {
  started = [];
  extra = {};
  for (const path of [out, `${out}.partial`]) rmSync(path, { recursive: true, force: true });
});
afterAll(() => {
  workerThreads.Worker = Worker;
  rmSync(folder, { recursive: true, force: true });
});

function dieBy(way: "exit" | "throw" | "memory", count: number): void {
  extra = {
    execArgv: ["--require", join(import.meta.dirname, "dying-worker.cjs")],
    env: { ...process.env, TIESMITH_TEST_DEATH: `${way} ${count}` },
    ...(way === "memory" ? { resourceLimits: { maxOldGenerationSizeMb: 24 } } : {}),
    stderr: true, // V8 tells there of the heap's limit
  };
}

async function expectWorkerFailed(run: Promise<unknown>, what: RegExp): Promise<void> {
  const error = await run.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TiesmithError);
  const { code, message } = error as TiesmithError;
  expect({ code, message }).toEqual({ code: "WORKER_FAILED", message: expect.stringMatching(what) });
  expect(message).not.toContain("\n");
}

const mergeAgain = (options: Partial<MergeOptions> = {}) =>
  merge(faultRecipe(folder), { ...FAULT_OPTIONS, out, ...options });

async function expectResumed(): Promise<number> {
  expect([existsSync(out), existsSync(`${out}.partial`)]).toEqual([false, true]);
  extra = {};
  const { resumedTensors } = await mergeAgain({ resume: true });
  expect(folderFacts(out)).toEqual(finished);
  return resumedTensors;
}

describe("a worker that dies in the middle of a merge", () => {
  it.each([
    ["exit", /exited with code: 7/],
    ["throw", /an error of the test/],
    ["memory", /memory limit/],
  ] as const)("by %s: the merge fails, and resumes to the same bytes", async (way, what) => {
    dieBy(way, 12);
    await expectWorkerFailed(mergeAgain(), what);
    expect(await expectResumed()).toBeGreaterThan(0);
  });

  it("ended by force: the merge fails, and resumes to the same bytes", async () => {
    const merging = mergeAgain({
      onProgress: ({ doneTensors }) => {
        if (doneTensors === 10) void started[0]?.terminate();
      },
    });
    await expectWorkerFailed(merging, /A worker thread died: .*--resume.*--restart/);
    expect(await expectResumed()).toBeGreaterThanOrEqual(10);
  });

  it("in model scope too", async () => {
    const merging = merge(faultRecipe(folder, "model"), {
      ...FAULT_OPTIONS,
      out,
      // The first report after measuring, by which all threads have loaded.
      onProgress: ({ phase }) => {
        if (phase === "combine") void started[1]?.terminate();
      },
    });
    await expectWorkerFailed(merging, /A worker thread died/);
    expect(existsSync(`${out}.partial`)).toBe(true);
  });

  it("leaves no thread, descriptor or mapping", async () => {
    await mergeAgain();
    rmSync(out, { recursive: true });
    const before = traces();
    for (const way of ["exit", "throw"] as const) {
      dieBy(way, 12);
      await expectWorkerFailed(mergeAgain({ restart: true }), /died/);
    }
    expect(traces()).toEqual(before);
  });
});

describe("workers that die while they load", () => {
  it.each(["exit", "throw"] as const)("by %s: the merge fails, and does not hang", async (way) => {
    dieBy(way, 0);
    await expectWorkerFailed(mergeAgain(), /A worker thread died/);
    await expectResumed();
  });

  it("end diff and verify too", async () => {
    dieBy("exit", 0);
    await expectWorkerFailed(verify(merged(), { threads: 2 }), /A worker thread died/);
    await expectWorkerFailed(diff(merged(), join(folder, "base"), { threads: 2 }), /A worker thread died/);
  });
});
