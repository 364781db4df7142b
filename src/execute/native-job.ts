/** From a chunk and what was measured to the arguments of one native call. */
import type { Arithmetic } from "../methods/method.ts";
import type {
  MappedFileHandle,
  NativeCombination,
  NativeCut,
  NativeDraftJob,
  NativeElection,
  NativeJob,
  NativeModel,
  NativeOutput,
  NativeSource,
  OutputFileHandle,
} from "../native/addon.ts";
import type { ScopeCut } from "./cut-search.ts";
import type { Measured, ScopeTrim } from "./measure.ts";
import { type ChunkRef, chunkExtent, type SourceRef } from "./tensor-work.ts";

/** Bytes per element of what is merged. Here, since workers load nothing beyond this folder and the addon. */
export const FLOAT_BYTES = { F32: 4, F16: 2, BF16: 2 } as const;

/** Opens input files once per thread. */
export type OpenInput = (path: string) => MappedFileHandle;

/** One chunk's share of what was measured over its scope: plain data, small enough to cross threads. */
export interface ChunkMeasured {
  readonly trims: readonly ("everything" | "nothing" | NativeCut)[];
  readonly factors: readonly number[] | null;
  readonly zeroSign: -1 | 0 | 1 | 2;
  readonly slack: NativeCut | null;
}

/** Nothing trimmed, nothing elected: what methods without an election need. */
export const UNMEASURED: ChunkMeasured = { trims: [], factors: null, zeroSign: 1, slack: null };

export function measuredForChunk(measured: Measured, chunkOfScope: number): ChunkMeasured {
  return {
    trims: measured.trims.map((trim) => trimForChunk(trim, chunkOfScope)),
    factors: measured.norms?.map((norms) => norms.factor) ?? null,
    zeroSign: measured.zeroSign,
    slack: measured.slack?.cut ? cutForChunk(measured.slack.cut, chunkOfScope) : null,
  };
}

function trimForChunk(trim: ScopeTrim, chunk: number): "everything" | "nothing" | NativeCut {
  return trim.kind === "cut" ? cutForChunk(trim.cut, chunk) : trim.kind;
}

function cutForChunk(cut: ScopeCut, chunk: number): NativeCut {
  const { threshold, tied, taken } = cut;
  return { threshold, tied, taken, firstTie: cut.firstTies[chunk] as number };
}

export function nativeSource(
  source: SourceRef,
  chunk: ChunkRef,
  open: OpenInput,
  readBefore = false,
): NativeSource {
  const { elementOffset } = chunkExtent(chunk);
  return {
    file: open(source.path),
    byteOffset: source.byteOffset + elementOffset * FLOAT_BYTES[source.dtype],
    dtype: source.dtype,
    readBefore,
  };
}

/**
 * Which sources an earlier pass over the same elements, or a sample of them, has mapped: all, those with cuts (and the
 * base), or none.
 */
export type ReadBefore = "everything" | "trimmed" | "nothing";

export function nativeJob(
  chunk: ChunkRef,
  measured: ChunkMeasured,
  open: OpenInput,
  readBefore: ReadBefore,
): NativeJob {
  const swept = readBefore === "everything";
  const hasCut = (trim: ChunkMeasured["trims"][number] | undefined) =>
    readBefore === "trimmed" && typeof trim === "object";
  const { base, models, arithmetic } = chunk.tensor;
  return {
    base: base === null ? null : nativeSource(base, chunk, open, swept || measured.trims.some(hasCut)),
    models: models.map((model, i) => ({
      source: nativeSource(model, chunk, open, swept || hasCut(measured.trims[i])),
      ...nativeModel(arithmetic, measured, i),
    })),
    elementCount: chunkExtent(chunk).elementCount,
  };
}

/** As {@link nativeJob}, of what a draft left undecided. */
export function nativeDraftJob(
  arithmetic: Arithmetic,
  { draft }: { draft: number },
  measured: ChunkMeasured,
): NativeDraftJob {
  const models = arithmetic.weights.map((_, i) => nativeModel(arithmetic, measured, i));
  return { draft, models };
}

function nativeModel(
  arithmetic: Arithmetic,
  measured: ChunkMeasured,
  model: number,
): Omit<NativeModel, "source"> {
  const weight = arithmetic.weights[model] as number;
  const ignoresWeights = arithmetic.kind === "ties" && !arithmetic.electionWeights;
  return {
    weight,
    voteWeight: ignoresWeights ? 1 : weight,
    rescale: measured.factors?.[model] ?? 1,
    trim: measured.trims[model] ?? "everything",
  };
}

/** Where a chunk begins in its shard. */
export function outputOffset(chunk: ChunkRef): number {
  const { byteOffset, dtype, encoding } = chunk.tensor.output;
  const { elementOffset } = chunkExtent(chunk);
  if (encoding === null) return byteOffset + elementOffset * FLOAT_BYTES[dtype];
  return byteOffset + (elementOffset / encoding.blockElements) * encoding.blockBytes;
}

export function nativeOutput(chunk: ChunkRef, open: (path: string) => OutputFileHandle): NativeOutput {
  const { path, dtype, saturate, encoding } = chunk.tensor.output;
  return { file: open(path), byteOffset: outputOffset(chunk), dtype, saturate, encoding };
}

export function nativeElection(arithmetic: Arithmetic, measured: ChunkMeasured): NativeElection {
  const priority = arithmetic.kind === "ties" ? (arithmetic.priority ?? -1) : -1;
  return { zeroSign: measured.zeroSign, priority };
}

export function nativeCombination(arithmetic: Arithmetic, measured: ChunkMeasured): NativeCombination {
  return {
    lambda: arithmetic.kind === "linear" ? 1 : arithmetic.lambda,
    normalize: arithmetic.normalize,
    slack: measured.slack,
  };
}
