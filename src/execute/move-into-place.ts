/** The last step of a merge: a complete and synced OUT.partial becomes OUT. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  fileManifestOf,
  JOURNAL_NAME,
  MANIFEST_NAME,
  replacedFolderOf,
  sealedJournalOf,
} from "../checkpoint/output-names.ts";
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";
import { GGUF_SHARD_NAME } from "../plan/gguf-output.ts";
import { syncFolder } from "./synced-path.ts";

/**
 * Renames OUT.partial to OUT, or with `overwrite` swaps the two, and removes what was replaced.
 *
 * At every moment OUT is what it was or what it becomes; only on systems without an exchange of two folders is there
 * none for the time of one call. The journal waits beside the folder until OUT is safe on the disk, so that a merge
 * that is killed here loses no work either.
 *
 * @throws {TiesmithError} `OUTPUT_EXISTS` if OUT has appeared since it was checked
 */
export async function moveIntoPlace(partial: string, out: string, overwrite: boolean): Promise<void> {
  const replaces = existsSync(out);
  checkReplaced(out, replaces, overwrite);
  const journal = sealedJournalOf(out);
  renameSync(join(partial, JOURNAL_NAME), journal);
  await syncFolder(partial);
  if (replaces) replace(partial, out);
  else renameSync(partial, out);
  await syncFolder(dirname(out));
  rmSync(journal, { force: true });
  if (replaces) await rm(replacedFolderOf(out), { recursive: true, force: true });
}

function checkReplaced(out: string, replaces: boolean, overwrite: boolean): void {
  if (!replaces || overwrite) return;
  throw new TiesmithError(
    "OUTPUT_EXISTS",
    `Expected ${out} not to exist, but it appeared during the merge; go on with --overwrite --resume`,
    { out },
  );
}

/**
 * Takes the file that is the output, and its manifest, out of OUT.partial. The file comes last: a merge that is killed
 * here goes on with `--resume`, and until then the manifest tells of a file that is yet to come.
 *
 * @throws {TiesmithError} `OUTPUT_EXISTS` if OUT has appeared since it was checked
 */
export async function moveFileIntoPlace(partial: string, out: string, overwrite: boolean): Promise<void> {
  checkReplaced(out, existsSync(out), overwrite);
  renameSync(join(partial, MANIFEST_NAME), fileManifestOf(out));
  renameSync(join(partial, GGUF_SHARD_NAME), out);
  await syncFolder(dirname(out));
  await rm(partial, { recursive: true, force: true });
}

/** Killed in between, {@link settleReplaced} of the next merge goes on from what is left. */
function replace(partial: string, out: string): void {
  const replaced = replacedFolderOf(out);
  if (addon().exchangePaths(partial, out)) {
    renameSync(partial, replaced);
  } else {
    renameSync(out, replaced);
    renameSync(partial, out);
  }
}

/**
 * Ends what a killed `--overwrite` has left: puts the old model back where the new one had not come to its place,
 * removes it where it had. Only for one who holds the lock of `out` and may overwrite it.
 */
export async function settleReplaced(out: string): Promise<void> {
  const replaced = replacedFolderOf(out);
  if (!existsSync(replaced)) return;
  if (existsSync(out)) return rm(replaced, { recursive: true, force: true });
  renameSync(replaced, out);
  await syncFolder(dirname(out));
}
