/** A line of JSON behind a checksum of it, so that one that was torn or damaged is known. */
import { addon } from "../native/addon.ts";

/** Hexadecimal digits of XXH3-128 kept as a line's checksum: 64 bits. It guards against damage, not against people. */
const CHECKSUM_DIGITS = 16;

function checksum(json: string): string {
  return addon().hashBytes(Buffer.from(json)).slice(0, CHECKSUM_DIGITS);
}

/** `CHECKSUM JSON`, without an end of line. */
export function checkedLine(value: unknown): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}`;
}

/** What a line says; undefined if it is not sound. */
export function readCheckedLine(line: string): unknown {
  const json = line.slice(CHECKSUM_DIGITS + 1);
  return line.slice(0, CHECKSUM_DIGITS) === checksum(json) ? JSON.parse(json) : undefined;
}
