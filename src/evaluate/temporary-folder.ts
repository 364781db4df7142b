/** Where merges lie while they are evaluated: in memory where they fit, and never longer than needed. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, TiesmithError } from "../errors.ts";
import { isRunning, type Owner, thisOwner } from "../execute/owner.ts";

/** A file system in memory on Linux. */
const MEMORY_FOLDER = "/dev/shm";

const PREFIX = "tiesmith-candidates-";

/** The share of the free memory that they may take: the model runs in the rest. */
const MOST_OF_MEMORY = 0.5;

/**
 * A new folder for files of so many bytes at a time: in `wanted`, else in memory, else in the system's own.
 * @throws {TiesmithError} `IO_FAILED`
 */
export function makeTemporaryFolder(bytes: number, wanted: string | undefined): string {
  const parent = wanted ?? (fitsInMemory(bytes) ? MEMORY_FOLDER : tmpdir());
  try {
    const folder = mkdtempSync(join(parent, PREFIX));
    writeFileSync(join(folder, "owner.json"), JSON.stringify(thisOwner()));
    return folder;
  } catch (error) {
    throw new TiesmithError(
      "IO_FAILED",
      `Cannot make a temporary folder in ${parent}: ${messageOf(error)}; name another with --temporary`,
      { path: parent },
    );
  }
}

/**
 * Runs `work` with such a folder, and removes it, whatever happens.
 * @throws {TiesmithError} as {@link makeTemporaryFolder}; whatever `work` throws
 */
export async function withTemporaryFolder<T>(
  bytes: number,
  wanted: string | undefined,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = makeTemporaryFolder(bytes, wanted);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fitsInMemory(bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    const [, kibibytes = "0"] =
      /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
    return bytes < Math.min(bavail * bsize, Number(kibibytes) * 1024 * MOST_OF_MEMORY);
  } catch {
    return false; // Another system than Linux.
  }
}

/** Removes what killed processes left behind: nobody else would. */
export function removeAbandoned(wanted: string | undefined): void {
  for (const parent of wanted === undefined ? [MEMORY_FOLDER, tmpdir()] : [wanted]) {
    if (!existsSync(parent)) continue;
    for (const name of readdirSync(parent).filter((entry) => entry.startsWith(PREFIX)))
      removeIfAbandoned(join(parent, name));
  }
}

function removeIfAbandoned(folder: string): void {
  try {
    const owner = JSON.parse(readFileSync(join(folder, "owner.json"), "utf8")) as Owner;
    if (isRunning(owner) === false) rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another user's, or being made at this moment.
  }
}
