/** What must hold for any input whatever: a sound result, or one error of one line, soon and in little memory. */
import { type ErrorCode, isBadInput, TiesmithError } from "../../src/errors.ts";

/** CPU time of the process that one case may take; the slowest recipe that is read at all takes about 2 s. */
const CASE_CPU_MS = 6000;
/** Characters of a message that tells one problem. */
const MESSAGE_LIMIT = 2000;

/**
 * Runs `read`; a refusal gives null.
 *
 * @throws Error if what it throws is no TiesmithError about bad input, if the message is not one short line, if it
 * takes too long, or if a prototype has been written to
 */
export function resultOrNull<T>(read: () => T, codes: readonly ErrorCode[]): T | null {
  const before = process.cpuUsage();
  let result: T | null = null;
  try {
    result = read();
  } catch (error) {
    checkRefusal(error, codes);
  }
  const { user, system } = process.cpuUsage(before);
  if (user + system > CASE_CPU_MS * 1000) throw new Error(`took ${(user + system) / 1000} ms of CPU`);
  if (Object.keys(Object.prototype).length > 0 || "polluted" in {})
    throw new Error("a prototype was changed");
  return result;
}

function checkRefusal(error: unknown, codes: readonly ErrorCode[]): void {
  if (!(error instanceof TiesmithError)) throw error;
  if (!isBadInput(error.code) || !codes.includes(error.code))
    throw new Error(`unexpected code ${error.code}`);
  const problems = (error.details.problems as { message: string }[] | undefined) ?? [error];
  for (const { message } of [error, ...problems]) {
    if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(message))
      throw new Error(`not one line: ${JSON.stringify(message)}`);
    if (message === "") throw new Error("an empty message");
  }
  const longest = problems.find(({ message }) => message.length > MESSAGE_LIMIT);
  if (longest !== undefined) throw new Error(`a message of ${longest.message.length} characters`);
}
