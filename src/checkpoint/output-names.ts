/** Names that a merge gives to what it writes. */

/** The manifest of a finished output. */
export const MANIFEST_NAME = "tiesmith.json";

/** The journal of a merge under way. */
export const JOURNAL_NAME = "journal.jsonl";

/** Where a merge writes until it is complete: beside OUT, on the same disk, so that a rename finishes it. */
export function partialFolderOf(out: string): string {
  return `${out}.partial`;
}
