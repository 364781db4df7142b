/**
 * One pass over a tensor's inputs: its chunks are drafted, which leaves few elements undecided; these tell the exact cuts;
 * then what was left is made up for.
 */
import { addon } from "../native/addon.ts";
import { allEnded } from "./all-ended.ts";
import type { Drafted } from "./drafted-sweeps.ts";
import type { Measured } from "./measure.ts";
import { type ChunkMeasured, measuredForChunk } from "./native-job.ts";
import type { ChunkRef } from "./tensor-work.ts";

/** How a tensor's chunks are drafted and measured (null where that is of no use), and how a chunk is finished. */
export interface Drafting<D extends Drafted, R> {
  draft(chunk: ChunkRef): Promise<D | null>;
  settle(drafts: readonly D[]): Promise<Measured | null>;
  finish(chunk: ChunkRef, draft: D, measured: ChunkMeasured): Promise<R>;
}

/** Null where drafts turn out to be of no use; nothing is finished then. */
export async function byDrafts<D extends Drafted, R>(
  chunks: readonly ChunkRef[],
  drafting: Drafting<D, R>,
): Promise<{ results: R[]; measured: Measured } | null> {
  const made: D[] = [];
  try {
    const drafts: D[] = new Array(chunks.length);
    await allEnded(
      chunks.map(async (chunk, i) => {
        const draft = await drafting.draft(chunk);
        if (draft === null) return;
        made.push(draft);
        drafts[i] = draft;
      }),
    );
    if (made.length < chunks.length) return null;
    const measured = await drafting.settle(drafts);
    if (measured === null) return null;
    const results = await allEnded(
      chunks.map((chunk, i) => drafting.finish(chunk, drafts[i] as D, measuredForChunk(measured, i))),
    );
    return { results, measured };
  } finally {
    // Finished ones are gone already.
    for (const { draft } of made) addon().dropDraft(draft);
  }
}
