/** Inputs that were sound when the run began, and cannot be read any more. */
import type { Problem } from "../errors.ts";

/** The fields of the addon's error for a mapped range with a page that cannot be read. */
interface UnreadableRange {
  readonly path: string;
  readonly byteOffset: number;
  /** Where the range ends. */
  readonly neededBytes: number;
  /** The size that the file has now. */
  readonly foundBytes: number;
}

/** What the addon's error about a mapped range means to a user, or null if the error is another one. */
export function unreadableInput(error: unknown): Problem | null {
  if (!(error instanceof Error && "neededBytes" in error)) return null;
  const { path, byteOffset, neededBytes, foundBytes } = error as unknown as UnreadableRange;
  const details = { path, byteOffset, neededBytes, foundBytes };
  const message =
    foundBytes < neededBytes
      ? `Expected ${path} to stay as it was, but it shrank to ${foundBytes} bytes while it was read; ` +
        "put the file back, and run again (a merge with --restart)"
      : `Expected to read bytes ${byteOffset} to ${neededBytes} of ${path}, but the system could not read them ` +
        "from its disk; see the system's log, and run again (a merge with --resume) when the file can be read";
  return { code: "INPUT_CHANGED", message, details };
}

/** The problem of an input that is not where it was when its header was read. */
export function vanishedInput(path: string): Problem {
  const message =
    `Expected ${path} to stay where it was, but it was removed during the run; ` +
    "put the file back, and run again (a merge with --restart)";
  return { code: "INPUT_CHANGED", message, details: { path } };
}
