/**
 * Combines a chunk whose cuts are known by drafting it: a draft's kernel takes two thirds of the time, and leaves nothing
 * undecided but the ties of the cuts.
 */
import type { ChunkResult } from "../native/addon.ts";
import { cutAbove, draftChunk, runFinish } from "./draft-operations.ts";
import type { ChunkMeasured, ReadBefore } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** Above this share of ties a draft would be given up, having taken its time: it holds an eighth at most. */
const MOST_TIES = 1 / 10;

/** Null where ties are too many, or some number is out of range; nothing is written then. */
export function combineByDraft(
  chunk: ChunkRef,
  measured: ChunkMeasured,
  readBefore: ReadBefore,
  files: OpenFiles,
): Promise<ChunkResult> | null {
  const { arithmetic } = chunk.tensor;
  const { slack } = measured;
  // A cut at 0 takes everything, and its ties are no loss at all.
  if (arithmetic.kind !== "ties" || slack?.threshold === 0) return null;
  if (measured.ties > MOST_TIES * chunkExtent(chunk).elementCount) return null;
  const cuts = measured.trims.map((trim) => (typeof trim === "object" ? trim : null));
  if (cuts.some((cut) => cut?.threshold === 0)) return null;
  const withoutTies: ChunkMeasured = {
    ...measured,
    trims: measured.trims.map((trim) => (typeof trim === "object" ? cutAbove(trim.threshold) : trim)),
    slack: slack === null ? null : cutAbove(slack.threshold),
  };
  const lows = {
    trimLows: cuts.map((cut) => cut?.threshold ?? null),
    slackLow: slack?.threshold ?? null,
  };
  const draft = draftChunk(chunk, withoutTies, lows, readBefore, files);
  return draft === null ? null : runFinish({ kind: "finish", chunk, draft, measured }, files);
}
