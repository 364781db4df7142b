/**
 * The journal of a merge: what is done, so that an interrupted merge can go on. One record a line, each with
 * a checksum; a torn last line is ignored. A record is written after the bytes it speaks of.
 */
import { closeSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { checkedLine, readCheckedLine } from "./checked-line.ts";
import type { Measured } from "./measure.ts";
import type { TensorRecord } from "./tensor-record.ts";
import { writeAll } from "./write-all.ts";

export type JournalRecord =
  | { readonly kind: "begin"; readonly digest: string; readonly tiesmith: string }
  | { readonly kind: "scope"; readonly measured: Measured }
  | { readonly kind: "tensor"; readonly record: TensorRecord };

/** The sound records of a journal, up to the first line that is not, and the bytes that they take. */
export function readJournal(path: string): { records: JournalRecord[]; byteCount: number } {
  const bytes = readFileSync(path);
  const records: JournalRecord[] = [];
  let byteCount = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, byteCount)) {
    const record = readCheckedLine(bytes.toString("utf8", byteCount, end));
    if (record === undefined) break;
    records.push(record as JournalRecord);
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
    writeAll(this.#descriptor, Buffer.from(`${checkedLine(record)}\n`));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
