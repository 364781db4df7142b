/**
 * The journal of a merge: what is done, so that an interrupted merge can go on. One record a line, each with
 * a checksum; a torn last line is ignored. A record is written after the bytes it speaks of.
 */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Measured } from "./measure.ts";
import type { TensorRecord } from "./tensor-record.ts";

export type JournalRecord =
  | { readonly kind: "begin"; readonly digest: string; readonly tiesmith: string }
  | { readonly kind: "scope"; readonly measured: Measured }
  | { readonly kind: "tensor"; readonly record: TensorRecord };

/** Hexadecimal digits of SHA-256 kept as a line's checksum: 64 bits. */
const CHECKSUM_DIGITS = 16;

function checksum(json: string): string {
  return createHash("sha256").update(json).digest("hex").slice(0, CHECKSUM_DIGITS);
}

/** The sound records of a journal, up to the first line that is not, and the bytes that they take. */
export function readJournal(path: string): { records: JournalRecord[]; byteCount: number } {
  const bytes = readFileSync(path);
  const records: JournalRecord[] = [];
  let byteCount = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, byteCount)) {
    const line = bytes.toString("utf8", byteCount, end);
    const json = line.slice(CHECKSUM_DIGITS + 1);
    if (line.slice(0, CHECKSUM_DIGITS) !== checksum(json)) break;
    records.push(JSON.parse(json) as JournalRecord);
    byteCount = end + 1;
  }
  return { records, byteCount };
}

export class Journal {
  readonly #descriptor: number;

  /** Opens a journal for appending after `keptBytes` of sound records. */
  constructor(path: string, keptBytes: number) {
    this.#descriptor = openSync(path, "a");
    ftruncateSync(this.#descriptor, keptBytes);
  }

  append(record: JournalRecord): void {
    const json = JSON.stringify(record);
    const line = Buffer.from(`${checksum(json)} ${json}\n`);
    // A disk that fills takes a part first, and refuses the rest.
    for (let done = 0; done < line.byteLength; ) done += writeSync(this.#descriptor, line, done);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
