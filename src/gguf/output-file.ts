/** One output file that appears complete or not at all: written beside its place, synced, renamed. */
import { existsSync, rmSync, statfsSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { partialFolderOf } from "../checkpoint/output-names.ts";
import { type ErrorCode, messageOf, TiesmithError } from "../errors.ts";

/**
 * Refuses a place that cannot take the file.
 * @throws {TiesmithError} `OUTPUT_EXISTS`, `OUTPUT_UNSAFE` (the folder is missing), `DISK_FULL`
 */
export function checkOutputFile(out: string, byteSize: number, overwrite: boolean): void {
  const path = resolve(out);
  const folder = dirname(path);
  if (existsSync(path) && !overwrite)
    throw new TiesmithError(
      "OUTPUT_EXISTS",
      `Expected ${path} not to exist; choose another file, or replace it with --overwrite`,
      { out: path },
    );
  if (!existsSync(folder))
    throw new TiesmithError("OUTPUT_UNSAFE", `Expected the folder ${folder} for ${out}, but found none`, {
      folder,
    });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < byteSize)
    throw new TiesmithError(
      "DISK_FULL",
      `Expected ${byteSize} bytes of room in ${folder} for the output, but found ${bavail * bsize}`,
      { required: byteSize, free: bavail * bsize, path: folder },
    );
}

/**
 * Has `write` fill `OUT.partial`, syncs it and gives it its name; after a failure nothing is left.
 * @throws {TiesmithError} `DISK_FULL`, `NO_PERMISSION`, `IO_FAILED`; whatever `write` throws
 */
export async function writeWholeFile(out: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const path = resolve(out);
  const partial = partialFolderOf(path);
  try {
    const file = await open(partial, "w");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw writeFailure(error, path);
  }
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "DISK_FULL",
  EDQUOT: "DISK_FULL",
  EACCES: "NO_PERMISSION",
  EPERM: "NO_PERMISSION",
  EROFS: "NO_PERMISSION",
};

function writeFailure(error: unknown, path: string): unknown {
  if (error instanceof TiesmithError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) return error;
  return new TiesmithError(CODES[code] ?? "IO_FAILED", `Writing ${path} failed: ${messageOf(error)}`, {
    path,
  });
}
