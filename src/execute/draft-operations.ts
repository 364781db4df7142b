/** Operations on drafts: combine where brackets decide, measure what is left, combine that and write. */
import {
  addon,
  type ChunkResult,
  type NativeBrackets,
  type NativeCut,
  type NativeDraft,
} from "../native/addon.ts";
import { addCounts } from "./chunk-counts.ts";
import { chunkFailure } from "./chunk-failure.ts";
import { BracketMissed } from "./cut-search.ts";
import { type Drafted, DraftedSweeps } from "./drafted-sweeps.ts";
import { fixedZeroSign, keptCount, type Measured, measureScope } from "./measure.ts";
import {
  type ChunkMeasured,
  nativeCombination,
  nativeDraftJob,
  nativeElection,
  nativeJob,
  nativeOutput,
  outputOffset,
  type ReadBefore,
} from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { DraftOperation, FinishOperation, SettleOperation } from "./operations.ts";
import { type Brackets, withFewBins } from "./sampling.ts";
import type { ChunkRef } from "./tensor-work.ts";

export function runDraft({ chunk, brackets }: DraftOperation, files: OpenFiles): NativeDraft | null {
  const { measured, lows, readBefore } = provisional(chunk, brackets);
  const { arithmetic, output } = chunk.tensor;
  return addon().draftTies(
    nativeJob(chunk, measured, files.input, readBefore),
    nativeElection(arithmetic, measured),
    nativeCombination(arithmetic, measured),
    lows,
    { byteOffset: outputOffset(chunk), dtype: output.dtype },
  );
}

/** The cut that takes what lies above, and no ties. */
function cutAbove(threshold: number): NativeCut {
  return { threshold, tied: 0, taken: 0, firstTie: 0 };
}

/** What a chunk is drafted with. */
export interface Provisional {
  readonly measured: ChunkMeasured;
  readonly lows: NativeBrackets;
  /** By the sample. */
  readonly readBefore: ReadBefore;
}

/** The tops of the brackets as cuts that take no ties, and their lows. */
export function provisional({ tensor }: ChunkRef, brackets: Brackets): Provisional {
  const { arithmetic, elementCount } = tensor;
  if (arithmetic.kind !== "ties") throw new TypeError("only the TIES family is drafted");
  const slack = arithmetic.slack === null ? null : brackets.slack;
  const measured: ChunkMeasured = {
    trims: arithmetic.densities.map((density, model) => {
      const bracket = brackets.trims[model];
      if (bracket) return cutAbove(bracket.high);
      return keptCount(density, elementCount) === 0 ? "nothing" : "everything";
    }),
    factors: null,
    zeroSign: fixedZeroSign(arithmetic),
    slack: slack === null ? null : cutAbove(slack.high),
  };
  const lows = {
    trimLows: brackets.trims.map((trim) => trim?.low ?? null),
    slackLow: slack === null ? null : Math.max(1, slack.low),
  };
  return { measured, lows, readBefore: brackets.slack === null ? "trimmed" : "everything" };
}

export async function runSettle({ chunks, drafts, brackets }: SettleOperation): Promise<Measured | null> {
  const arithmetic = chunks[0]?.tensor.arithmetic;
  if (arithmetic?.kind !== "ties") throw new TypeError("only the TIES family is drafted");
  try {
    const measured = await measureScope(arithmetic, new DraftedSweeps(chunks, drafts), withFewBins(brackets));
    return agrees(measured, drafts, arithmetic.priority) ? measured : null;
  } catch (error) {
    if (error instanceof BracketMissed) return null;
    throw error;
  }
}

/** Where nothing or everything is given back no cut was searched for, and the drafts must have decided so too. */
function agrees({ slack }: Measured, drafts: readonly Drafted[], priority: number | null): boolean {
  if (slack === null) return true;
  const givenBack = drafts.reduce((sum, draft) => sum + draft.givenBack, 0);
  const discarded = drafts.reduce((sum, draft) => sum + (draft.models[priority ?? -1]?.discarded ?? 0), 0);
  if (slack.given === 0) return givenBack === 0;
  return slack.given < slack.discarded || givenBack === discarded;
}

/** The draft is gone afterwards, whatever comes of it. */
export async function runFinish(
  { chunk, draft, measured }: FinishOperation,
  files: OpenFiles,
): Promise<ChunkResult> {
  const { arithmetic } = chunk.tensor;
  try {
    const result = await addon().finishDraft(
      nativeDraftJob(arithmetic, draft, measured),
      nativeElection(arithmetic, measured),
      nativeCombination(arithmetic, measured),
      nativeOutput(chunk, files.output),
    );
    if ("failure" in result) throw chunkFailure(chunk, result);
    const { hash, ...undecided } = result;
    return { hash, ...addCounts([draft, undecided]) };
  } finally {
    // One that was begun to be finished is gone already.
    addon().dropDraft(draft.draft);
  }
}
