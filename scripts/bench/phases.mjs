import { formatTable } from "./table.mjs";

/** What native calls are for (src/native/addon.ts). What is not named here is `other`: opening files, read-ahead, copies. */
const PHASES = {
  sample: "measure",
  tallyTrim: "measure",
  tallySlack: "measure",
  blockNorms: "measure",
  tallyDraftTrim: "measure",
  tallyDraftSlack: "measure",
  draftTies: "combine",
  finishDraft: "combine",
  combine: "combine",
};

/**
 * Where the time of a merge goes, in seconds of all worker threads together; `outside` is of the whole process.
 *
 * @typedef {object} PhaseTimes
 * @property {number} disk asleep in calls, for pages of the inputs
 * @property {number} measure with a core
 * @property {number} combine with a core; rounding and hashing included
 * @property {number} other with a core: other calls, and JavaScript between calls
 * @property {number} queued ready, but without a core
 * @property {number} idle with nothing to go on with: until a write ends or the main thread sends more
 * @property {number} write until writes had ended; overlaps with all of the above
 * @property {number} outside the process's time before and after that of the threads
 * @property {number} readBytes bytes of inputs that calls went through, from the disk or not
 */

/**
 * From what a merge prints with TIESMITH_TIMERS=json (src/execute/timers.ts); null if it printed nothing of the kind.
 *
 * @param {string} stderr
 * @param {number} mergeSeconds of the whole process
 * @returns {PhaseTimes | null}
 */
export function readPhases(stderr, mergeSeconds) {
  const threads = stderr
    .split("\n")
    .filter((line) => line.startsWith('{"thread":'))
    .map((line) => JSON.parse(line));
  if (threads.length === 0) return null;
  const times = { disk: 0, measure: 0, combine: 0, other: 0, queued: 0, idle: 0, write: 0, readBytes: 0 };
  for (const { cpu, idle, calls } of threads) {
    let inCalls = 0;
    for (const [name, call] of Object.entries(calls)) {
      times[PHASES[name] ?? "other"] += call.cpu;
      times.disk += call.asleep;
      times.queued += call.queued;
      times.write += call.writing;
      times.readBytes += call.readBytes;
      inCalls += call.cpu;
    }
    times.idle += idle;
    times.other += cpu - inCalls;
  }
  const longest = Math.max(...threads.map(({ seconds }) => seconds));
  return { ...times, outside: mergeSeconds - longest };
}

const COLUMNS = ["disk", "measure", "combine", "other", "queued", "idle", "write", "outside"];
const HEADING = ["wait for disk", "measure", "combine", "other", "no core", "idle", "(write)", "start, seal"];

/**
 * One row a contest whose merge told its times.
 *
 * @param {(import("./contest.mjs").Contest & { phases: PhaseTimes | null })[]} results
 */
export function formatPhases(results) {
  const told = results.filter(({ phases }) => phases !== null);
  if (told.length === 0) return null;
  const rows = told.map(({ method, scope, mode, threadCount, phases }) => [
    ...[method, scope, mode, String(threadCount)],
    ...COLUMNS.map((column) => phases[column].toFixed(2)),
  ]);
  return formatTable([["method", "scope", "mode", "threads", ...HEADING], ...rows]);
}
