import { writeFileSync } from "node:fs";
import { runProgram } from "./native-programs.mjs";

/** Above this share the inputs of a cold run count as not dropped, below 1 minus it those of a warm run as not held. */
export const TOLERATED_SHARE = 0.02;

/**
 * Drops the files from the page cache and returns the share of their pages that stayed.
 *
 * By advice for each file, so that the programs under test stay cached as they are in daily use; the whole cache is
 * dropped only if that was not enough and the system allows it.
 */
export function evictFiles(floorProgram, files) {
  const share = parseShare(runProgram(floorProgram, ["evict", ...files]));
  if (share < TOLERATED_SHARE) return share;
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "1");
  } catch {
    return share; // not allowed here: the caller reports the share
  }
  return parseShare(runProgram(floorProgram, ["resident", ...files]));
}

/** Reads what is missing into the page cache and returns the share of the files' pages that it then holds. */
export function fillFiles(floorProgram, files) {
  const share = parseShare(runProgram(floorProgram, ["resident", ...files]));
  if (share === 1) return share;
  return parseShare(runProgram(floorProgram, ["touch", ...files]));
}

function parseShare(printed) {
  return JSON.parse(printed).residentShare;
}
