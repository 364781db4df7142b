/** What the system's refusals mean to someone who gave a path. */

import { lstatSync, readlinkSync } from "node:fs";
import { type ErrorCode, messageOf, TiesmithError } from "../errors.ts";

const REFUSED = new Set(["EACCES", "EPERM"]);
// ERR_INVALID_ARG_VALUE: Node's answer to a path with a NUL in it, which no file can have.
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"]);

/** The system's code of an error (`ENOENT`), or "" if it has none. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}

/** Whether a file system error says that nothing is at the path. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.has(systemCode(error));
}

/**
 * The error to throw after a system call on `path` failed: `NO_PERMISSION`, `absentCode` if nothing is
 * there, otherwise `IO_FAILED`. A `TiesmithError` comes back unchanged.
 *
 * @param expected what should have been there, with its article: "a shard"
 */
export function systemError(
  error: unknown,
  path: string,
  expected: string,
  absentCode: ErrorCode = "CHECKPOINT_INVALID",
): TiesmithError {
  if (error instanceof TiesmithError) return error;
  const code = systemCode(error);
  if (REFUSED.has(code)) {
    return new TiesmithError(
      "NO_PERMISSION",
      `Expected permission to read ${path}, but the system refused it (${code}); change its permissions or run as a user who may read it`,
      { path },
    );
  }
  if (isAbsent(error)) {
    const link = danglingLink(path);
    const found = link === null ? "nothing" : `a link to ${link}, which does not exist`;
    // Every file that a checkpoint needs came with its download.
    const advice = absentCode === "CHECKPOINT_INVALID" ? "; download the model again" : "";
    return new TiesmithError(absentCode, `Expected ${expected} at ${path}, but found ${found}${advice}`, {
      path,
    });
  }
  return new TiesmithError("IO_FAILED", `Reading ${path} failed: ${messageOf(error)}`, { path });
}

/**
 * Where a link leads that leads nowhere, or null if the path is no link. The hub cache is made of links, whose
 * blobs can be pruned.
 */
export function danglingLink(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null; // Not even the path itself can be looked at: nothing is there.
  }
}
