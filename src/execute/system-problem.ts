/** Failed system calls, from Node or from the addon, as problems with a code of ours. */
import { constants } from "node:os";
import { type ErrorCode, messageOf, type Problem } from "../errors.ts";
import { unreadableInput } from "./unreadable-input.ts";

const { ENOSPC, EDQUOT, EACCES, EPERM, EROFS } = constants.errno;

function codeOf(errno: number | undefined): ErrorCode {
  if (errno === undefined) return "INTERNAL";
  const number = Math.abs(errno);
  if (number === ENOSPC || number === EDQUOT) return "DISK_FULL";
  if (number === EACCES || number === EPERM || number === EROFS) return "NO_PERMISSION";
  return "IO_FAILED";
}

/** Whatever was thrown, as plain data; what is no failed system call is a bug in tiesmith (`INTERNAL`). */
export function systemProblem(error: unknown): Problem {
  const unreadable = unreadableInput(error);
  if (unreadable !== null) return unreadable;
  const { errno, syscall, path } = error as { errno?: number; syscall?: string; path?: string };
  const details: Record<string, unknown> = { errno, syscall, path };
  const code = codeOf(errno);
  if (code === "INTERNAL" && error instanceof Error) details.stack = error.stack;
  return { code, message: messageOf(error), details };
}
