/**
 * Merges a tensor in one pass over its inputs: its chunks are drafted, which leaves few elements undecided; these tell
 * the exact cuts; then they are combined again, and the chunks are written.
 */
import { addon, type ChunkResult, type NativeDraft } from "../native/addon.ts";
import type { Measured } from "./measure.ts";
import { measuredForChunk } from "./native-job.ts";
import type { Pool } from "./pool.ts";
import type { Brackets } from "./sampling.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** The chunks of one tensor, and what runs them. */
export interface ChunksRun {
  readonly chunks: readonly ChunkRef[];
  readonly order: number;
  readonly pool: Pool;
  /** Elements have been combined, and written. */
  readonly combined: (elementCount: number) => void;
}

/** Null where drafts turn out to be of no use; nothing is written then. */
export async function mergeDrafted(
  run: ChunksRun,
  brackets: Brackets,
): Promise<{ results: ChunkResult[]; measured: Measured } | null> {
  const { chunks, order, pool } = run;
  const made: NativeDraft[] = [];
  try {
    const drafts = await Promise.all(
      chunks.map(async (chunk) => {
        const draft = await pool.runOne({ kind: "draft" as const, chunk, brackets }, order);
        if (draft !== null) made.push(draft);
        return draft;
      }),
    );
    if (!isComplete(drafts)) return null;
    const measured = await pool.runOne({ kind: "settle" as const, chunks, drafts, brackets }, order);
    if (measured === null) return null;
    return { results: await finish(run, drafts, measured), measured };
  } finally {
    // Finished ones are gone already.
    for (const { draft } of made) addon().dropDraft(draft);
  }
}

function isComplete(drafts: readonly (NativeDraft | null)[]): drafts is readonly NativeDraft[] {
  return !drafts.includes(null);
}

function finish(
  { chunks, order, pool, combined }: ChunksRun,
  drafts: readonly NativeDraft[],
  measured: Measured,
): Promise<ChunkResult[]> {
  return Promise.all(
    chunks.map(async (chunk, i) => {
      const draft = drafts[i] as NativeDraft;
      const forChunk = measuredForChunk(measured, i);
      const result = await pool.runOne({ kind: "finish" as const, chunk, draft, measured: forChunk }, order);
      combined(chunkExtent(chunk).elementCount);
      return result;
    }),
  );
}
