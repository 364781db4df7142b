/**
 * Combines a chunk whose cuts are known by drafting it: a draft's kernel takes two thirds of the time, and leaves nothing
 * undecided but the ties of the cuts.
 */
import { addon, type ChunkResult, type NativeCut } from "../native/addon.ts";
import { runFinish } from "./draft-operations.ts";
import {
  type ChunkMeasured,
  nativeCombination,
  nativeElection,
  nativeJob,
  outputOffset,
  type ReadBefore,
} from "./native-job.ts";
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
  const { arithmetic, output } = chunk.tensor;
  const { slack } = measured;
  // A cut at 0 takes everything, and its ties are no loss at all.
  if (arithmetic.kind !== "ties" || slack?.threshold === 0) return null;
  if (measured.ties > MOST_TIES * chunkExtent(chunk).elementCount) return null;
  const cuts = measured.trims.map((trim) => (typeof trim === "object" ? trim : null));
  if (cuts.some((cut) => cut?.threshold === 0)) return null;
  const undecided: ChunkMeasured = {
    ...measured,
    trims: measured.trims.map((trim) => (typeof trim === "object" ? withoutTies(trim) : trim)),
    slack: slack === null ? null : withoutTies(slack),
  };
  const draft = addon().draftTies(
    nativeJob(chunk, undecided, files.input, readBefore),
    nativeElection(arithmetic, measured),
    nativeCombination(arithmetic, undecided),
    { trimLows: cuts.map((cut) => cut?.threshold ?? null), slackLow: slack?.threshold ?? null },
    { byteOffset: outputOffset(chunk), dtype: output.dtype },
  );
  if (draft === null) return null;
  const finished = runFinish({ kind: "finish", chunk, draft, measured }, files);
  return finished.finally(() => addon().dropDraft(draft.draft));
}

/** The cut that takes what lies above, and leaves its ties undecided. */
function withoutTies({ threshold }: NativeCut): NativeCut {
  return { threshold, tied: 0, taken: 0, firstTie: 0 };
}
