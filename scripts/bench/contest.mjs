import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { countBytes, listShards } from "./fixtures.mjs";
import { runProgram } from "./native-programs.mjs";
import { evictFiles, fillFiles, TOLERATED_SHARE } from "./page-cache.mjs";
import { readPhases } from "./phases.mjs";
import { measureProcess } from "./processes.mjs";

/**
 * One method in one mode with one thread count.
 *
 * @typedef {object} Contest
 * @property {string} method
 * @property {"tensor" | "model" | "-"} scope
 * @property {"cold" | "warm"} mode
 * @property {number} threadCount
 * @property {string} recipe its file
 * @property {string[]} inputFiles
 * @property {number} inputBytes
 * @property {number} outputBytes
 * @property {string} folder where outputs go: the file system of the fixture
 */

/** @typedef {Awaited<ReturnType<typeof runPair>>} Pair */
/** @typedef {Contest & { pairs: Pair[], phases: import("./phases.mjs").PhaseTimes | null }} Result */

/**
 * What runs the contests.
 *
 * @typedef {object} Programs
 * @property {string} floorProgram
 * @property {string[]} command
 * @property {import("./control-group.mjs").Wrapper} runFloor how the floor is run
 * @property {import("./control-group.mjs").Wrapper} runMerge how the merges are run
 * @property {boolean} verbose
 */

/**
 * Runs the floor, then the merge, each from the same state of the page cache. Preparing the cache and deleting the
 * outputs stand outside the times.
 *
 * @param {Contest} contest
 * @param {Programs} programs
 */
export async function runPair(contest, programs) {
  const floor = timeFloor(contest, programs);
  const { residentShare, ...merge } = await timeMerge(
    contest,
    programs,
    programs.verbose ? { TIESMITH_TIMERS: "1" } : {},
  );
  return {
    floorSeconds: floor.seconds,
    floorResidentShare: floor.residentShare,
    floorDirectIo: floor.directIo,
    mergeSeconds: merge.seconds,
    ratio: merge.seconds / floor.seconds,
    residentShare,
    bytesPerSecond: (contest.inputBytes + contest.outputBytes) / merge.seconds,
    rssAnonPeakBytes: merge.rssAnonPeakBytes,
    rssFilePeakBytes: merge.rssFilePeakBytes,
    diskReadBytes: merge.diskReadBytes,
    stderr: merge.stderr,
  };
}

/**
 * One more merge, which does not count, for what its threads spend their time on. Null if the command tells nothing.
 *
 * @param {Contest} contest
 * @param {Programs} programs
 */
export async function timePhases(contest, programs) {
  const { stderr, seconds } = await timeMerge(contest, programs, { TIESMITH_TIMERS: "json" });
  return readPhases(stderr, seconds);
}

async function timeMerge(contest, { floorProgram, command, runMerge }, environment) {
  const residentShare = prepareCache(contest, floorProgram);
  const out = outputFolder(contest);
  const words = ["merge", contest.recipe, "--out", out, "--quiet", "--threads", String(contest.threadCount)];
  try {
    const merge = await measureProcess(runMerge([...command, ...words]), environment);
    requireOutput(contest, out);
    return { ...merge, residentShare };
  } finally {
    removeOutputs(contest);
  }
}

/** Whether the page cache held as much of the inputs as the mode is about. */
export function isPrepared(mode, residentShare) {
  return mode === "cold" ? residentShare < TOLERATED_SHARE : residentShare > 1 - TOLERATED_SHARE;
}

/** Deletes what a floor or a merge may have left. */
export function removeOutputs(contest) {
  const out = outputFolder(contest);
  for (const leftover of [out, `${out}.partial`, floorFile(contest)]) {
    rmSync(leftover, { recursive: true, force: true });
  }
  // A file system may give freed blocks back to the disk when it commits: not during the next measurement.
  spawnSync("sync", ["-f", contest.folder]);
}

function timeFloor(contest, { floorProgram, runFloor }) {
  const residentShare = prepareCache(contest, floorProgram);
  try {
    const [program, ...words] = runFloor([
      ...[floorProgram, contest.mode, "--out", floorFile(contest), "--bytes", String(contest.outputBytes)],
      ...["--threads", String(contest.threadCount), ...contest.inputFiles],
    ]);
    const printed = runProgram(program, words);
    return { ...JSON.parse(printed), residentShare };
  } finally {
    removeOutputs(contest);
  }
}

// Before every run, since the system may have reclaimed pages, and a cold run fills the cache.
function prepareCache({ mode, inputFiles }, floorProgram) {
  return mode === "cold" ? evictFiles(floorProgram, inputFiles) : fillFiles(floorProgram, inputFiles);
}

// A merge that wrote less than the floor did would win by cheating.
function requireOutput({ outputBytes }, out) {
  const written = existsSync(out) ? countBytes(listShards(out)) : 0;
  if (written < outputBytes) {
    throw new Error(`Expected at least ${outputBytes} bytes of safetensors in ${out}, but found ${written}`);
  }
}

function outputFolder({ folder }) {
  return path.join(folder, "out");
}

function floorFile({ folder }) {
  return path.join(folder, "floor.out");
}
