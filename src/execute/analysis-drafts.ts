/** Analyses where brackets decide, and then what they left undecided: one reading measures and analyses a tensor. */
import {
  addon,
  type NativeAnalysis,
  type NativeAnalysisDraft,
  type NativeModelAnalysis,
  type NativePair,
} from "../native/addon.ts";
import { octaveBlocks } from "./analysis-operations.ts";
import { provisional } from "./draft-operations.ts";
import { type ChunkMeasured, nativeDraftJob, nativeElection, nativeJob } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { DraftAnalysisOperation, FinishAnalysisOperation } from "./operations.ts";

export function runDraftAnalysis(
  { chunk, brackets }: DraftAnalysisOperation,
  files: OpenFiles,
): NativeAnalysisDraft | null {
  const { measured, lows, readBefore } = provisional(chunk, brackets);
  const job = nativeJob(chunk, measured, files.input, readBefore);
  const election = nativeElection(chunk.tensor.arithmetic, measured);
  return addon().draftAnalysis(job, election, measured.slack, octaveBlocks(chunk), lows);
}

/** The draft is gone afterwards. */
export function runFinishAnalysis({ chunk, draft, measured }: FinishAnalysisOperation): NativeAnalysis {
  const { arithmetic } = chunk.tensor;
  const job = nativeDraftJob(arithmetic, draft, measured);
  const rest = addon().analyseDraft(job, nativeElection(arithmetic, measured), measured.slack);
  return addUndecided(draft, rest, measured);
}

/** Adds what depends on a cut; all else a draft has seen of every element. */
function addUndecided(
  decided: NativeAnalysis,
  rest: NativeAnalysis,
  measured: ChunkMeasured,
): NativeAnalysis {
  return {
    models: decided.models.map((model, m) => addModel(model, rest.models[m] as NativeModelAnalysis)),
    pairs: decided.pairs.map((pair, p) => addPair(pair, rest.pairs[p] as NativePair)),
    conflicts: decided.conflicts + rest.conflicts,
    zeroVotes: decided.zeroVotes + rest.zeroVotes,
    givenBack: decided.givenBack + rest.givenBack,
    largestGiven: Math.max(decided.largestGiven, rest.largestGiven),
    sums: addRows(decided, rest, measured),
    octaves: decided.octaves,
  };
}

function addModel(decided: NativeModelAnalysis, rest: NativeModelAnalysis): NativeModelAnalysis {
  const retained = decided.retained + rest.retained;
  return {
    zero: decided.zero,
    retained,
    inConflict: decided.inConflict + rest.inConflict,
    conflictsLost: decided.conflictsLost + rest.conflictsLost,
    zeroVotes: decided.zeroVotes + rest.zeroVotes,
    discarded: decided.discarded + rest.discarded,
    discardedZeroVotes: decided.discardedZeroVotes + rest.discardedZeroVotes,
    largest: decided.largest,
    // A cut that keeps anything of a chunk keeps its largest magnitude.
    largestTrimmed: retained > 0 ? decided.largest : 0,
  };
}

function addPair(decided: NativePair, rest: NativePair): NativePair {
  return {
    same: decided.same,
    opposite: decided.opposite,
    sameTrimmed: decided.sameTrimmed + rest.sameTrimmed,
    oppositeTrimmed: decided.oppositeTrimmed + rest.oppositeTrimmed,
  };
}

/** The rest has rows of its own, zero where nothing depends on a cut: the decided rows hold those of all elements. */
function addRows(decided: NativeAnalysis, rest: NativeAnalysis, { trims }: ChunkMeasured): Float64Array {
  const ofModels = trims.flatMap((trim) => {
    const isCut = trim !== "everything";
    return [false, false, isCut, isCut, true];
  });
  const dependsOnCut = [...ofModels, ...decided.pairs.flatMap(() => [false, true]), true];
  const sums = new Float64Array(decided.sums.length + rest.sums.length);
  sums.set(decided.sums);
  for (const [i, sum] of rest.sums.entries())
    if (dependsOnCut[i % dependsOnCut.length]) sums[decided.sums.length + i] = sum;
  return sums;
}
