/** Failures of a server, in words. */
import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import { messageOf, TiesmithError } from "../errors.ts";

/** What a failed request means to someone who gave an address. */
export function serverError(
  error: unknown,
  url: string,
  code: "BACKEND_UNAVAILABLE" | "BACKEND_FAILED",
): TiesmithError {
  if (error instanceof TiesmithError) return error;
  if (error instanceof APIUserAbortError)
    return new TiesmithError("INTERRUPTED", "The evaluation was interrupted");
  const details = { url, status: error instanceof APIError ? error.status : undefined };
  if (error instanceof APIConnectionError) {
    const cause = error.cause === undefined ? messageOf(error) : messageOf(error.cause);
    return new TiesmithError(
      code,
      `Expected an answer from ${url}, but ${cause}; is the server running?`,
      details,
    );
  }
  if (error instanceof APIError && (error.status === 401 || error.status === 403))
    return new TiesmithError(
      code,
      `Expected ${url} to accept the key, but it answered ${error.status}; put the key into OPENAI_API_KEY, or name its variable with --key-variable`,
      details,
    );
  return new TiesmithError(code, `The server at ${url} failed: ${messageOf(error)}`, details);
}
