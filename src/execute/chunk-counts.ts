/** Counts of chunks, added up. */
import type { ChunkCounts } from "../native/addon.ts";

/** The sums of chunks' counts. */
export function addCounts(parts: readonly ChunkCounts[]): ChunkCounts {
  const sum: ChunkCounts = { models: [], conflicts: 0, givenBack: 0, saturated: 0 };
  for (const part of parts) {
    sum.conflicts += part.conflicts;
    sum.givenBack += part.givenBack;
    sum.saturated += part.saturated;
    for (const [i, model] of part.models.entries()) {
      sum.models[i] ??= { zero: 0, retained: 0, inConflict: 0, discarded: 0 };
      const total = sum.models[i];
      total.zero += model.zero;
      total.retained += model.retained;
      total.inConflict += model.inConflict;
      total.discarded += model.discarded;
    }
  }
  return sum;
}
