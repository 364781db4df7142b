/** Merges a tensor of one chunk on this thread, while it is in the cache. */
import type { TiesArithmetic } from "../methods/method.ts";
import { addon, type ChunkResult } from "../native/addon.ts";
import { runCombine } from "./combine-operations.ts";
import { runDraft, runFinish, runSettle } from "./draft-operations.ts";
import { isDraftable } from "./drafted-sweeps.ts";
import { LocalSweeps } from "./local-sweeps.ts";
import { type Measured, measureScope } from "./measure.ts";
import { measuredForChunk, UNMEASURED } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { TensorOutcome, WholeOperation } from "./operations.ts";
import { type Brackets, SAMPLED_FROM_ELEMENTS } from "./sampling.ts";
import type { ChunkRef } from "./tensor-work.ts";

interface Whole {
  readonly result: ChunkResult;
  readonly measured: Measured | null;
}

export async function runWhole({ tensor }: WholeOperation, files: OpenFiles): Promise<TensorOutcome> {
  const chunk: ChunkRef = { tensor, index: 0 };
  const { arithmetic } = tensor;
  const { result, measured } =
    arithmetic.kind === "ties"
      ? await mergeTies(chunk, arithmetic, files)
      : { result: await runCombine({ kind: "combine", chunk, measured: UNMEASURED }, files), measured: null };
  const { hash, ...counts } = result;
  return { hashes: [hash], counts, measured };
}

async function mergeTies(chunk: ChunkRef, arithmetic: TiesArithmetic, files: OpenFiles): Promise<Whole> {
  const sweeps = new LocalSweeps([chunk], files);
  const brackets = chunk.tensor.elementCount >= SAMPLED_FROM_ELEMENTS ? await sweeps.sample() : undefined;
  const drafted =
    brackets !== undefined && isDraftable(arithmetic, brackets)
      ? await mergeByDraft(chunk, brackets, files)
      : null;
  if (drafted !== null) return drafted;
  const measured = await measureScope(arithmetic, sweeps, brackets);
  const forChunk = measuredForChunk(measured, 0);
  return { result: await runCombine({ kind: "combine", chunk, measured: forChunk }, files), measured };
}

async function mergeByDraft(chunk: ChunkRef, brackets: Brackets, files: OpenFiles): Promise<Whole | null> {
  const draft = runDraft({ kind: "draft", chunk, brackets }, files);
  if (draft === null) return null;
  try {
    const measured = await runSettle({ kind: "settle", chunks: [chunk], drafts: [draft], brackets });
    if (measured === null) return null;
    const forChunk = measuredForChunk(measured, 0);
    return { result: await runFinish({ kind: "finish", chunk, draft, measured: forChunk }, files), measured };
  } finally {
    addon().dropDraft(draft.draft);
  }
}
