/** What a merge says when the disk of its output is full. */
import { TiesmithError } from "../errors.ts";

/** A `DISK_FULL` error that says where room is wanted and how to go on; other errors come back unchanged. */
export function withRoomWanted(error: TiesmithError, folder: string, advice: string): TiesmithError {
  if (error.code !== "DISK_FULL") return error;
  const message = `Expected room to write ${folder}, but its disk is full (${error.message}); free some, ${advice}`;
  return new TiesmithError("DISK_FULL", message, { ...error.details, folder });
}
