/** Whether another merge is writing an output. */
import { closeSync, openSync } from "node:fs";
import { lockFileOf } from "../checkpoint/output-names.ts";
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";

/** False too where that cannot be known: without the lock file, the right to read it, or locks in the file system. */
export function isOutputLocked(out: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(lockFileOf(out), "r");
  } catch {
    return false;
  }
  try {
    return addon().isLocked(descriptor);
  } catch (error) {
    // Not a lock's fault, and told the same way wherever it shows first.
    if (error instanceof TiesmithError) throw error;
    return false;
  } finally {
    closeSync(descriptor);
  }
}

/** What the second of two merges into one OUT is told. */
export function outputBusyMessage(out: string): string {
  return `Expected to be the only merge into ${out}, but another one is writing it; wait for it, or choose another --out`;
}
