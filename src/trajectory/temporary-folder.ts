/** Where a merge lies while it is evaluated: in memory where there is room, and gone afterwards, whatever happened. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, TiesmithError } from "../errors.ts";

const IN_MEMORY = "/dev/shm";
/** What is left to everybody else there: a full /dev/shm harms other programs. */
const MOST_OF_MEMORY = 0.5;

/**
 * Runs `work` with an empty folder that has room for `bytes`, and removes it.
 * @param parent where it is made; default: memory, or else the system's temporary folder
 * @throws {TiesmithError} `IO_FAILED` if no folder can be made; whatever `work` throws
 */
export async function withTemporaryFolder<T>(
  bytes: number,
  parent: string | undefined,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const place = parent ?? (hasRoom(IN_MEMORY, bytes) ? IN_MEMORY : tmpdir());
  let folder: string;
  try {
    folder = mkdtempSync(join(place, "tiesmith-"));
  } catch (error) {
    throw new TiesmithError(
      "IO_FAILED",
      `Cannot make a temporary folder in ${place}: ${messageOf(error)}; name another with --temporary`,
      { place },
    );
  }
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hasRoom(place: string, bytes: number): boolean {
  try {
    accessSync(place, constants.W_OK);
    const { bavail, bsize } = statfsSync(place);
    return bytes <= MOST_OF_MEMORY * bavail * bsize;
  } catch {
    return false;
  }
}
