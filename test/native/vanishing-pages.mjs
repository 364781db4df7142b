/**
 * Native calls on a file whose pages vanish, in a process of its own, which must survive. Takes one JSON argument:
 * `folder`; `way`: "shrunk" cuts the file short before each call, "full" makes its pages unreadable at their full
 * size (the folder must lie on a tmpfs without room), "restless" shrinks and restores it all the time while `threads`
 * threads call, and lets them be at last. Prints one JSON line: per call what was thrown, or how often something was.
 */
import { closeSync, openSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { loadAddon } from "./hostile/exports.mjs";

const { folder, way, threads = 0 } = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const addon = loadAddon("../../../build/Release/tiesmith.node");
const ELEMENTS = 1 << 21;
const BYTES = 2 * ELEMENTS;
const path = join(folder, "vanishing");
const outPath = join(folder, isMainThread ? "out" : `out${workerData.thread}`);

/** All functions that read a mapping. Where a call can be told not to map the pages first, it is. */
function callsOn(file, base, output) {
  const source = { file, byteOffset: 0, dtype: "BF16", readBefore: true };
  const sound = { file: base, byteOffset: 0, dtype: "BF16" };
  const model = { source, weight: 1, voteWeight: 1, rescale: 1, trim: "everything" };
  const job = { base: sound, models: [model], elementCount: ELEMENTS };
  const window = { low: 0, high: 0x7fffffff, shift: 15 };
  const election = { zeroSign: 1, priority: 0 };
  const combination = { lambda: 1, normalize: true, slack: null };
  const target = { file: output, byteOffset: 0, dtype: "BF16", saturate: true };
  const sampling = { run: ELEMENTS - 1, stride: ELEMENTS };
  const combine = (kind) => addon.combine(kind, job, election, combination, target);
  return {
    tallyTrim: () =>
      addon.tallyTrim({ base: sound, model: source, elementCount: ELEMENTS }, window, sampling),
    tallySlack: () => addon.tallySlack(job, election, window, sampling),
    blockNorms: () => addon.blockNorms(job),
    compare: () => addon.compare(sound, source, ELEMENTS),
    linear: () => combine("linear"),
    task: () => combine("task"),
    ties: () => combine("ties"),
    hashRange: () => addon.hashRange(file, 0, BYTES),
    copyRange: () => addon.copyRange({ file, byteOffset: 0 }, BYTES, target),
  };
}

function open() {
  const base = join(folder, "base");
  addon.reserveFile(outPath, BYTES);
  return callsOn(addon.mapFile(path), addon.mapFile(base), addon.openOutput(outPath));
}

async function thrownBy(call) {
  try {
    await call();
    return null;
  } catch (error) {
    if (!("neededBytes" in error)) throw error;
    const { byteOffset, neededBytes, foundBytes } = error;
    return { path: error.path, byteOffset, neededBytes, foundBytes };
  }
}

async function once() {
  const calls = open();
  if (way === "full") fillTheRest();
  const answers = {};
  for (const [name, call] of Object.entries(calls)) {
    if (way === "shrunk") truncateSync(path, BYTES);
    const before = way === "shrunk" ? await thrownBy(call) : null;
    if (way === "shrunk") truncateSync(path, 4096);
    answers[name] = { before, thrown: await thrownBy(call) };
  }
  return answers;
}

/** Calls until every function has failed twenty times; gives how often each did. */
async function restless() {
  const calls = open();
  const failed = Object.fromEntries(Object.keys(calls).map((name) => [name, 0]));
  const stop = performance.now() + 20_000;
  while (Object.values(failed).some((count) => count < 20) && performance.now() < stop)
    for (const [name, call] of Object.entries(calls)) if ((await thrownBy(call)) !== null) failed[name] += 1;
  return failed;
}

function writeModels() {
  writeFileSync(join(folder, "base"), Buffer.alloc(BYTES));
  // A hole takes no room until it is read through a mapping.
  writeFileSync(path, way === "full" ? "" : Buffer.alloc(BYTES));
  truncateSync(path, BYTES);
}

function fillTheRest() {
  const filler = openSync(join(folder, "filler"), "w");
  try {
    for (;;) writeFileSync(filler, Buffer.alloc(1 << 16));
  } catch (error) {
    if (error.code !== "ENOSPC") throw error;
  }
  closeSync(filler);
}

async function underThreads() {
  const answers = [];
  for (let thread = 0; thread < threads; thread++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { folder, way, thread } });
    worker.on("message", (failed) => answers.push(failed));
    worker.on("error", (error) => {
      throw error;
    });
  }
  for (let size = 0; answers.length < threads; size = BYTES - size) {
    truncateSync(path, size);
    await sleep(1);
  }
  truncateSync(path, BYTES);
  const calls = open();
  const afterwards = {};
  for (const [name, call] of Object.entries(calls)) afterwards[name] = await thrownBy(call);
  return { answers, afterwards };
}

if (!isMainThread) parentPort.postMessage(await restless());
else {
  writeModels();
  console.log(JSON.stringify(await (way === "restless" ? underThreads() : once())));
}
