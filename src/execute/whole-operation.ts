/** Merges a tensor on this thread: each chunk while it is in the cache, the next tensor while it is written. */
import { addon, type ChunkResult, type NativeDraft } from "../native/addon.ts";
import { allEnded } from "./all-ended.ts";
import { addCounts } from "./chunk-counts.ts";
import type { ChunkRoom } from "./chunk-room.ts";
import { runCombine } from "./combine-operations.ts";
import { runDraft, runFinish, runSettle } from "./draft-operations.ts";
import { isMergedByDrafts } from "./drafted-sweeps.ts";
import { LocalSweeps } from "./local-sweeps.ts";
import { isSampled, type Measured, measureScope } from "./measure.ts";
import { type ChunkMeasured, measuredForChunk, UNMEASURED } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { TensorOutcome, WholeOperation } from "./operations.ts";
import type { Brackets } from "./sampling.ts";
import { type ChunkRef, chunksOf } from "./tensor-work.ts";

/** A tensor whose numbers are known: its chunks are being written. */
interface Combined {
  readonly written: readonly Promise<ChunkResult>[];
  readonly measured: Measured | null;
}

export async function runWhole(
  { tensor }: WholeOperation,
  files: OpenFiles,
  room: ChunkRoom,
): Promise<TensorOutcome> {
  const chunks = chunksOf(tensor);
  const { written, measured } = await room.inTurn(() => mergeChunks(chunks, files, room));
  // What still writes must not outlive this: its file may be removed.
  const results = await allEnded(written);
  return { hashes: results.map(({ hash }) => hash), counts: addCounts(results), measured };
}

async function mergeChunks(
  chunks: readonly ChunkRef[],
  files: OpenFiles,
  room: ChunkRoom,
): Promise<Combined> {
  const { arithmetic, elementCount } = (chunks[0] as ChunkRef).tensor;
  if (arithmetic.kind !== "ties")
    return { written: await combineAll(chunks, () => UNMEASURED, files, room), measured: null };
  const sweeps = new LocalSweeps(chunks, files);
  const brackets = isSampled(arithmetic, elementCount) ? await sweeps.sample() : undefined;
  // All drafts of a tensor are there until it is measured.
  const fits = chunks.length <= room.chunks;
  if (brackets !== undefined && fits && isMergedByDrafts(arithmetic, brackets)) {
    const drafted = await mergeByDrafts(chunks, brackets, files, room);
    if (drafted !== null) return drafted;
  }
  const measured = await measureScope(arithmetic, sweeps, brackets);
  return { written: await combineAll(chunks, (i) => measuredForChunk(measured, i), files, room), measured };
}

async function combineAll(
  chunks: readonly ChunkRef[],
  measuredOf: (index: number) => ChunkMeasured,
  files: OpenFiles,
  room: ChunkRoom,
): Promise<Promise<ChunkResult>[]> {
  const written: Promise<ChunkResult>[] = [];
  for (const chunk of chunks) {
    await room.enter();
    const result = runCombine({ kind: "combine", chunk, measured: measuredOf(chunk.index) }, files);
    written.push(heard(result.finally(() => room.leave())));
  }
  return written;
}

/** Null where drafts turn out to be of no use; nothing is written then. */
async function mergeByDrafts(
  chunks: readonly ChunkRef[],
  brackets: Brackets,
  files: OpenFiles,
  room: ChunkRoom,
): Promise<Combined | null> {
  const drafts: NativeDraft[] = [];
  let entered = 0;
  let measured: Measured | null = null;
  try {
    for (const chunk of chunks) {
      await room.enter();
      entered += 1;
      const draft = runDraft({ kind: "draft", chunk, brackets }, files);
      if (draft === null) return null;
      drafts.push(draft);
    }
    measured = await runSettle({ kind: "settle", chunks, drafts, brackets });
  } finally {
    if (measured === null) {
      for (const { draft } of drafts) addon().dropDraft(draft);
      room.leave(entered);
    }
  }
  return measured === null ? null : { written: finishAll(chunks, drafts, measured, files, room), measured };
}

function finishAll(
  chunks: readonly ChunkRef[],
  drafts: readonly NativeDraft[],
  measured: Measured,
  files: OpenFiles,
  room: ChunkRoom,
): Promise<ChunkResult>[] {
  return chunks.map((chunk, i) => {
    const draft = drafts[i] as NativeDraft;
    const forChunk = measuredForChunk(measured, i);
    const result = runFinish({ kind: "finish", chunk, draft, measured: forChunk }, files);
    return heard(result.finally(() => room.leave()));
  });
}

/** A failure is told once all chunks have ended; until then it is no unhandled one. */
function heard<T>(result: Promise<T>): Promise<T> {
  result.catch(() => undefined);
  return result;
}
