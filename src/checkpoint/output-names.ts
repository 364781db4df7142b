/** Names that a merge gives to what it writes. */

/** The manifest of a finished output. */
export const MANIFEST_NAME = "tiesmith.json";

/** The manifest of an output that is a file, beside it. */
export function fileManifestOf(out: string): string {
  return `${out}.json`;
}

/** The journal of a merge under way. */
export const JOURNAL_NAME = "journal.jsonl";

/** Where a merge writes until it is complete: beside OUT, on the same disk, so that a rename finishes it. */
export function partialFolderOf(out: string): string {
  return `${out}.partial`;
}

/** Locked by the merge that writes OUT, for as long as it runs. */
export function lockFileOf(out: string): string {
  return `${partialFolderOf(out)}.lock`;
}

/** Where the model that `--overwrite` replaces waits for its removal. */
export function replacedFolderOf(out: string): string {
  return `${partialFolderOf(out)}.replaced`;
}

/** The journal of a merge that is complete but for its rename: a model folder holds no journal. */
export function sealedJournalOf(out: string): string {
  return `${partialFolderOf(out)}.journal`;
}
