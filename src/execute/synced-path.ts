/** Making files and folders survive a power cut. */
import { closeSync, fsync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../checkpoint/system-error.ts";

/**
 * Waits until the system has written a file, or the names in a folder, to the disk itself. Writes past the page cache
 * need it too: it commits their extents and empties the disk's own cache. The main thread stays free for signals.
 */
export async function syncPath(path: string): Promise<void> {
  const descriptor = openSync(path, "r");
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    closeSync(descriptor);
  }
}

/** As {@link syncPath}, but for file systems (SMB, some FUSE ones) that cannot sync a folder and say so. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await syncPath(path);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EBADF"].includes(systemCode(error))) throw error;
  }
}

/** Makes a folder with those above it, so that their names survive a power cut too. */
export async function makeSyncedFolder(path: string): Promise<void> {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}
