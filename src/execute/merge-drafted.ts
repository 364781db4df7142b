/** Merges a tensor, its chunks spread over the threads, in one pass over its inputs. */
import type { ChunkResult } from "../native/addon.ts";
import { byDrafts } from "./by-drafts.ts";
import type { Measured } from "./measure.ts";
import type { Pool } from "./pool.ts";
import { settleOnPool } from "./pool-drafts.ts";
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
export function mergeDrafted(
  { chunks, order, pool, combined }: ChunksRun,
  brackets: Brackets,
): Promise<{ results: ChunkResult[]; measured: Measured } | null> {
  return byDrafts(chunks, {
    draft: (chunk) => pool.runOne({ kind: "draft" as const, chunk, brackets }, order),
    settle: (drafts) => settleOnPool(chunks, drafts, brackets, pool, order),
    finish: async (chunk, draft, measured) => {
      const result = await pool.runOne({ kind: "finish" as const, chunk, draft, measured }, order);
      combined(chunkExtent(chunk).elementCount);
      return result;
    },
  });
}
