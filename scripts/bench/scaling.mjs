#!/usr/bin/env node
/*
How merges scale: measured with the threads that this machine has cores for, simulated for more.

  node scripts/bench/scaling.mjs [options]          (Linux; needs a C++20 compiler, and the built CLI in dist/)

  --parameters N   size of the models, e.g. 2e7 for a smoke test, 1.1e9, 7e9             (1.1e9)
  --methods LIST   of ties, ties_sv, linear                                              (all)
  --scope SCOPE    of the cuts: tensor or model                                          (tensor)
  --threads LIST   thread counts that are measured                                       (1, 2, 4, ... up to all cores)
  --workers LIST   worker counts that are simulated                                      (1,2,4,8,16,32,64)
  --runs N         merges for each measured thread count; the median counts              (3)
  --folder DIR     where the checkpoints are made and kept, and outputs go               (TMPDIR/tiesmith-bench)
  --json FILE      write the figures to FILE as well
  --help           show this

The inputs are in the page cache. One more merge with the largest measured thread count is traced (TIESMITH_TRACE): how
long the native calls of each operation took and its write after them, what a batch costs its worker beside these, and
what it costs the main thread, which is all of its own work divided by the batches. What only many threads do, since they
spread more tensors, is timed in merges with 8 and 16 threads; the time for which they have no core does not count. The
simulation (schedule.mjs) runs the engine's scheduling code on a clock that jumps from event to event. `pool s` is the
time from the first batch to the last answer, without start and sealing: what was traced, and what is simulated for as
many workers, should be alike. `efficiency` is the share of the workers' time that
operations take; `main thread` the share of its time that the main thread has work; `dispatch` the share of the
simulated time that is gone when the main thread costs nothing.
*/
import { rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Piscina } from "piscina";
import { loadEngine } from "./engine.mjs";
import { listShards, prepareFixture } from "./fixtures.mjs";
import { pickShape } from "./llama-shapes.mjs";
import { describeMachine, formatMachine } from "./machine.mjs";
import { buildProgram } from "./native-programs.mjs";
import { parseCounts, parseOptions } from "./options.mjs";
import { fillFiles } from "./page-cache.mjs";
import { killMeasuredProcesses, measureProcess } from "./processes.mjs";
import { hasScope, writeRecipe } from "./recipes.mjs";
import { simulate } from "./schedule.mjs";
import { elementsOf } from "./simulated-answers.mjs";
import { summarize } from "./statistics.mjs";
import { formatTable } from "./table.mjs";
import { batchCosts, OperationTimes, readTrace } from "./trace.mjs";
import { printUsage } from "./usage.mjs";

const say = (line) => process.stderr.write(`${line}\n`);

/** 1, 2, 4, ... and all cores. */
function measuredThreadCounts() {
  const cores = os.availableParallelism();
  const counts = [];
  for (let count = 1; count < cores; count *= 2) counts.push(count);
  return [...counts, cores].join(",");
}

/** Threads of the merges that are traced for operations that fewer threads do not have. */
const MORE_TRACED = [8, 16];

/** One merge in the process that users run, and the output removed again. */
async function mergeOnce({ command, folder, recipe, threads }, environment = {}) {
  const out = path.join(folder, "out");
  try {
    const words = ["merge", recipe, "--out", out, "--quiet", "--threads", String(threads)];
    return await measureProcess([...command, ...words], environment);
  } finally {
    for (const leftover of [out, `${out}.partial`]) rmSync(leftover, { recursive: true, force: true });
  }
}

async function traceOnce(merge) {
  const file = path.join(merge.folder, "trace.jsonl");
  rmSync(file, { force: true });
  try {
    await mergeOnce(merge, { TIESMITH_TRACE: file });
    return readTrace(file);
  } finally {
    rmSync(file, { force: true });
  }
}

function worksOf({ methods, planMerge, planWorks, readRecipe }, recipe) {
  return planWorks(planMerge(readRecipe(recipe, methods)).plan, "/", false);
}

/** How long the operations of a merge take, as a function of operations: by the first trace that has the kind. */
function timesOf({ subjectOf }, traces, works) {
  const byName = new Map(works.map((work) => [work.name, work]));
  const elementCount = ({ tensor, chunk }) => {
    const work = byName.get(tensor);
    if (work === undefined) return 1;
    return chunk === undefined ? work.elementCount : elementsOf({ tensor: work, index: chunk });
  };
  const all = traces.map((trace) => new OperationTimes(trace, elementCount));
  const isDrafted = all.some((times) => times.knows("draft"));
  return (operation) => {
    const subject = subjectOf(operation);
    const times = all.find((one) => one.knows(subject.kind)) ?? all[0];
    const traced = times.of(subject, elementCount(subject));
    // Where nothing was drafted nobody knows what drafts would take.
    return isDrafted ? traced : { ...traced, undecided: 1 };
  };
}

async function simulateAll(engine, recipe, traces, { isModelScope, workerCounts }) {
  const works = worksOf(engine, recipe);
  const times = timesOf(engine, traces, works);
  const costs = batchCosts(traces[0]);
  const rows = [];
  for (const threads of workerCounts) {
    const merge = { works, isModelScope, threads };
    const simulated = await simulate(engine, merge, times, costs);
    const free = await simulate(engine, merge, times, { ...costs, main: 0 });
    rows.push({ ...simulated, dispatchShare: 1 - free.milliseconds / simulated.milliseconds });
  }
  return { costs, rows };
}

async function measureMethod(engine, method, options, fixture, floorProgram) {
  const { file: recipe, inputs } = writeRecipe(fixture, method, options.scope);
  fillFiles(floorProgram, inputs.flatMap(listShards));
  const of = { command: options.command, folder: fixture.folder, recipe };
  const measured = [];
  for (const threads of options.threadCounts) {
    const runs = [];
    for (let run = 0; run < options.runCount; run++) runs.push(await mergeOnce({ ...of, threads }));
    const seconds = summarize(runs.map((run) => run.seconds)).median;
    const cpuless = Math.max(...runs.map((run) => run.rssAnonPeakBytes));
    measured.push({ threads, seconds, rssAnonPeakBytes: cpuless });
    say(`${method}, ${threads} threads: ${seconds.toFixed(2)} s`);
  }
  const traces = [];
  for (const threads of [Math.max(...options.threadCounts), ...MORE_TRACED])
    traces.push(await traceOnce({ ...of, threads }));
  const [trace] = traces;
  const isModelScope = hasScope(method) && options.scope === "model";
  const simulation = await simulateAll(engine, recipe, traces, {
    isModelScope,
    workerCounts: options.workerCounts,
  });
  const { threads, batches, started, ended } = trace.main;
  return { method, measured, traced: { threads, batches, milliseconds: ended - started }, ...simulation };
}

function formatMeasured(results) {
  const rows = results.flatMap(({ method, measured }) =>
    measured.map(({ threads, seconds, rssAnonPeakBytes }) => [
      ...[method, String(threads), seconds.toFixed(2), (measured[0].seconds / seconds).toFixed(2)],
      (rssAnonPeakBytes / 1e6).toFixed(0),
    ]),
  );
  return formatTable([["method", "threads", "merge s", "times as fast", "RssAnon MB"], ...rows]);
}

function formatSimulated(results) {
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const rows = results.flatMap(({ method, traced, rows: simulated }) => [
    [method, `${traced.threads} (traced)`, (traced.milliseconds / 1000).toFixed(3), "", "", "", ""],
    ...simulated.map((row) => [
      ...[method, String(row.threads), (row.milliseconds / 1000).toFixed(3)],
      (simulated[0].milliseconds / row.milliseconds).toFixed(1),
      ...[percent(row.efficiency), percent(row.mainShare), percent(row.dispatchShare)],
    ]),
  ]);
  const heading = ["method", "workers", "pool s", "times as fast", "efficiency", "main thread", "dispatch"];
  return formatTable([heading, ...rows]);
}

function formatCosts(results) {
  const microseconds = (milliseconds) => (milliseconds * 1000).toFixed(0);
  const rows = results.map(({ method, traced, costs }) => [
    ...[method, String(traced.batches), microseconds(costs.main), microseconds(costs.worker)],
  ]);
  return formatTable([["method", "batches", "main thread µs each", "worker µs each"], ...rows]);
}

async function main() {
  const argv = process.argv.slice(2);
  const options = parseOptions(argv, {
    workers: { type: "string", default: "1,2,4,8,16,32,64" },
    threads: { type: "string", default: measuredThreadCounts() },
    runs: { type: "string", default: "3" },
  });
  if (options.help) return printUsage(import.meta.url);
  options.workerCounts = parseCounts("--workers", options.own.workers);
  process.once("exit", killMeasuredProcesses);
  const engine = await loadEngine([
    ...["execute/merge-tensors.ts", "execute/plan-works.ts", "execute/task-order.ts", "execute/trace.ts"],
    ...["memory-budget.ts", "methods/registry.ts", "plan/plan-merge.ts", "recipe/recipe.ts"],
  ]);
  const shape = pickShape(options.parameterCount);
  const fixture = prepareFixture(buildProgram("make_checkpoint"), options.folder, shape, options.dtype, say);
  const floorProgram = buildProgram("floor");
  const results = [];
  for (const method of options.methods)
    results.push(await measureMethod({ ...engine, Piscina }, method, options, fixture, floorProgram));
  const machine = describeMachine();
  console.log(`${shape.label} parameters, scope ${options.scope}, inputs in the page cache\n`);
  for (const table of [formatMeasured, formatSimulated, formatCosts]) console.log(`${table(results)}\n`);
  console.log(formatMachine(machine));
  if (options.jsonFile !== undefined) {
    const report = { machine, shape: shape.label, scope: options.scope, results };
    writeFileSync(options.jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  }
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
