/** One merge at a time into an OUT: the lock that it holds while it runs. */
import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { lockFileOf } from "../checkpoint/output-names.ts";
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";
import { outputBusyMessage } from "../plan/output-lock.ts";
import { makeSyncedFolder } from "./synced-path.ts";
import { systemProblem } from "./system-problem.ts";

/**
 * Runs `work` while no other merge may write `out`, or anything beside it that belongs to a merge.
 *
 * The lock is the kernel's, on a file beside OUT.partial, which is deleted, made again and renamed meanwhile. It is
 * gone when the process is, however that ends; the empty file may stay, and is used again. Over NFS it is the
 * server's, and holds between hosts. Where the file system has no locks the merge goes on without.
 *
 * @throws {TiesmithError} `OUTPUT_BUSY`; `NO_PERMISSION`, `DISK_FULL`, `IO_FAILED`; whatever `work` throws
 */
export async function withOutputLock<T>(out: string, work: () => Promise<T>): Promise<T> {
  const path = lockFileOf(out);
  let descriptor: number;
  try {
    await makeSyncedFolder(dirname(out));
    descriptor = lockedFile(path, out);
  } catch (error) {
    throw error instanceof TiesmithError ? error : TiesmithError.fromProblem(systemProblem(error));
  }
  try {
    return await work();
  } finally {
    removeLockFile(path, descriptor);
    closeSync(descriptor);
  }
}

/** While it is still locked: whoever opened it before looks again, see {@link lockedFile}. */
function removeLockFile(path: string, descriptor: number): void {
  try {
    // A file with contents is not ours.
    if (fstatSync(descriptor).size === 0) rmSync(path, { force: true });
  } catch {
    // What the merge came to counts, not an empty file that stays.
  }
}

/** The descriptor that holds the lock. */
function lockedFile(path: string, out: string): number {
  for (;;) {
    const descriptor = openSync(path, "a");
    try {
      if (!takeLock(descriptor)) throw new TiesmithError("OUTPUT_BUSY", outputBusyMessage(out), { out });
      if (isStillAt(path, descriptor)) return descriptor;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    // The merge before has ended, and removed the file, between our opening and our locking it.
    closeSync(descriptor);
  }
}

/** True too where the file system has no locks: making OUT.partial is what excludes another merge there. */
function takeLock(descriptor: number): boolean {
  try {
    return addon().tryLock(descriptor);
  } catch (error) {
    if (error instanceof TiesmithError) throw error;
    return true;
  }
}

function isStillAt(path: string, descriptor: number): boolean {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  const own = fstatSync(descriptor, { bigint: true });
  return found !== undefined && own.nlink > 0n && found.ino === own.ino && found.dev === own.dev;
}
