/** JSON as files of a checkpoint hold it: strict UTF-8, an object, optionally no key twice. */

import { readFileSync } from "node:fs";
import { messageOf, TiesmithError } from "../errors.ts";
import { firstDuplicateKey } from "./duplicate-keys.ts";
import { danglingLink, isAbsent, systemError } from "./system-error.ts";
import { quoted } from "./wording.ts";

export type JsonObject = Record<string, unknown>;

/** Whether a parsed JSON value is an object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a JSON text is, for messages, and how deep its keys must be unique (0: anywhere not). */
export interface JsonRules {
  readonly what: string;
  readonly uniqueDepth: number;
}

/**
 * Parses bytes as one JSON object.
 *
 * @throws CHECKPOINT_INVALID if they are not UTF-8, not JSON, not an object, or hold a key twice
 */
export function parseJsonObject(bytes: Uint8Array, path: string, rules: JsonRules): JsonObject {
  const fail = (expected: string, found: string): TiesmithError =>
    new TiesmithError("CHECKPOINT_INVALID", `Expected ${rules.what} ${expected} in ${path}, but ${found}`, {
      path,
    });
  let text: string;
  try {
    // ignoreBOM keeps a byte order mark in the text, where JSON.parse refuses it as the format does.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail("in UTF-8", "its bytes are not valid UTF-8");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fail("in JSON", `it does not parse: ${oneLine(messageOf(error))}`);
  }
  if (!isJsonObject(value)) throw fail("that is a JSON object", "found another kind of value");
  const duplicate = rules.uniqueDepth > 0 ? firstDuplicateKey(text, rules.uniqueDepth) : null;
  if (duplicate !== null) throw fail("without repeated keys", `${quoted(duplicate)} occurs twice`);
  return value;
}

/**
 * Reads a file that holds one JSON object; null if there is no such file.
 *
 * @throws CHECKPOINT_INVALID as {@link parseJsonObject}, NO_PERMISSION, IO_FAILED
 */
export function readJsonObject(path: string, rules: JsonRules): JsonObject | null {
  const bytes = readFileIfPresent(path);
  return bytes === null ? null : parseJsonObject(bytes, path, rules);
}

/**
 * The bytes of a file, or null if there is no such file. A dangling link is an error: something was meant to
 * be there.
 *
 * @throws CHECKPOINT_INVALID, NO_PERMISSION, IO_FAILED
 */
export function readFileIfPresent(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isAbsent(error) && danglingLink(path) === null) return null;
    throw systemError(error, path, "a file");
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
