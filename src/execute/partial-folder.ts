/** OUT.partial: made with its shards reserved, or taken over from an interrupted merge. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ShardLayout } from "../checkpoint/layout.ts";
import { JOURNAL_NAME, partialFolderOf, sealedJournalOf } from "../checkpoint/output-names.ts";
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";
import type { MergePlan } from "../plan/merge-plan.ts";
import { withRoomWanted } from "./full-disk.ts";
import { Journal, readJournal } from "./journal.ts";
import type { Measured } from "./measure.ts";
import { systemProblem } from "./system-problem.ts";
import type { TensorRecord } from "./tensor-record.ts";
import { writeAll } from "./write-all.ts";

export interface PartialFolder {
  readonly path: string;
  readonly journal: Journal;
  /** What an interrupted merge claims to have done; to be checked against the bytes. */
  readonly claimed: ReadonlyMap<string, TensorRecord>;
  readonly measured: Measured | null;
}

/** What must be equal for a merge to go on: recipe, version, layout and the state of every input. */
export function planDigest(plan: MergePlan, version: string, saturate: boolean): string {
  const inputs = [plan.base, ...plan.models].map((model) =>
    model?.files.map(({ path, byteSize, modifiedNs, headerHash }) => [
      path,
      byteSize,
      modifiedNs,
      headerHash,
    ]),
  );
  const shards = plan.shards.map(({ name, byteSize, header }) => [name, byteSize, sha256(header)]);
  const facts = [version, plan.recipe, plan.chunkElements, saturate, inputs, shards];
  return sha256(JSON.stringify(facts));
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Makes OUT.partial, or opens the one to resume. For one who holds the lock of `out`, whose folder is there.
 * @throws {TiesmithError} `OUTPUT_BUSY`, `RESUME_MISMATCH`, `DISK_FULL`, `NO_PERMISSION`, `IO_FAILED`
 */
export function openPartialFolder(
  plan: MergePlan,
  options: { out: string; resume: boolean; restart: boolean; digest: string; version: string },
): PartialFolder {
  const path = partialFolderOf(options.out);
  const sealedJournal = sealedJournalOf(options.out);
  if (options.restart) rmSync(path, { recursive: true, force: true });
  if (options.resume && existsSync(path)) {
    try {
      takeJournalBack(path, sealedJournal);
      return resumeFolder(plan, path, options.digest, options.version);
    } catch (error) {
      throw withRoomWanted(knownError(error), path, "and go on with --resume");
    }
  }
  try {
    rmSync(sealedJournal, { force: true });
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new TiesmithError("OUTPUT_BUSY", `Expected to make ${path}, but another merge has just made it`, {
        path,
      });
    throw knownError(error);
  }
  try {
    return newFolder(plan, path, options.digest, options.version);
  } catch (error) {
    // Nothing was merged yet, so that nothing is lost.
    rmSync(path, { recursive: true, force: true });
    throw withRoomWanted(knownError(error), path, "or choose another disk with --out");
  }
}

function knownError(error: unknown): TiesmithError {
  return error instanceof TiesmithError ? error : TiesmithError.fromProblem(systemProblem(error));
}

/** Where a merge was killed around its last rename, see `moveIntoPlace`. */
function takeJournalBack(path: string, sealedJournal: string): void {
  const journal = join(path, JOURNAL_NAME);
  if (!existsSync(journal) && existsSync(sealedJournal)) renameSync(sealedJournal, journal);
}

function newFolder(plan: MergePlan, path: string, digest: string, version: string): PartialFolder {
  for (const shard of plan.shards) reserveShard(join(path, shard.name), shard);
  const journal = new Journal(join(path, JOURNAL_NAME), 0);
  journal.append({ kind: "begin", digest, tiesmith: version });
  return { path, journal, claimed: new Map(), measured: null };
}

function reserveShard(path: string, shard: ShardLayout): void {
  addon().reserveFile(path, shard.byteSize);
  writeKnown(path, shard);
}

/** Writes what is known before anything is merged. */
function writeKnown(path: string, { header, constants }: ShardLayout): void {
  const descriptor = openSync(path, "r+");
  try {
    for (const { byteOffset, bytes } of [{ byteOffset: 0, bytes: header }, ...constants])
      writeAll(descriptor, bytes, byteOffset);
  } finally {
    closeSync(descriptor);
  }
}

function resumeFolder(plan: MergePlan, path: string, digest: string, version: string): PartialFolder {
  const journalPath = join(path, JOURNAL_NAME);
  const { records, byteCount } = existsSync(journalPath)
    ? readJournal(journalPath)
    : { records: [], byteCount: 0 };
  const begin = records[0];
  // Interrupted before the first record: there is nothing to take over, and nothing to contradict.
  if (begin === undefined || begin.kind !== "begin") {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    return newFolder(plan, path, digest, version);
  }
  if (begin.digest !== digest)
    throw new TiesmithError(
      "RESUME_MISMATCH",
      `Expected ${path} to belong to this merge, but the recipe, an input or the version of tiesmith ` +
        `(${begin.tiesmith}) has changed since; discard it with --restart`,
      { path, tiesmith: begin.tiesmith },
    );
  for (const shard of plan.shards) {
    const file = join(path, shard.name);
    // The journal speaks of tensors only: a header costs less to write than to check.
    if (existsSync(file) && statSync(file).size === shard.byteSize) {
      writeKnown(file, shard);
      continue;
    }
    rmSync(file, { force: true });
    reserveShard(file, shard);
  }
  const claimed = new Map<string, TensorRecord>();
  let measured: Measured | null = null;
  for (const entry of records) {
    if (entry.kind === "tensor") claimed.set(entry.record.name, entry.record);
    if (entry.kind === "scope") measured = entry.measured;
  }
  return { path, journal: new Journal(journalPath, byteCount), claimed, measured };
}
