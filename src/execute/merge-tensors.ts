/** Runs the tensors of a merge through the pool, nearly in file order, a bounded number at a time. */
import type { ChunkResult } from "../native/addon.ts";
import { addCounts } from "./chunk-counts.ts";
import { isMergedByDrafts } from "./drafted-sweeps.ts";
import { forEachInFlight } from "./in-flight.ts";
import { Lookahead } from "./lookahead.ts";
import { type KnownParts, type Measured, measureScope } from "./measure.ts";
import { type ChunksRun, mergeDrafted } from "./merge-drafted.ts";
import { type ChunkMeasured, measuredForChunk, UNMEASURED } from "./native-job.ts";
import type { ByteRange, Operation, ReadAheadOperation, TensorOutcome } from "./operations.ts";
import type { Pool } from "./pool.ts";
import { PoolSweeps } from "./pool-sweeps.ts";
import { rangesOf, sampleAhead } from "./prepare-tensors.ts";
import type { Brackets } from "./sampling.ts";
import { chunkCount, chunkExtent, chunksOf, type TensorWork } from "./tensor-work.ts";
import { costOf, isCopy, type Work } from "./work.ts";
import { groupWorks, type WorkGroup } from "./work-groups.ts";

/** Measurements over the whole model, and where each tensor's chunks stand in that scope. */
export interface ModelScope {
  readonly measured: Measured;
  readonly firstChunk: ReadonlyMap<string, number>;
}

export interface MergeHooks {
  /** A tensor is done: all its bytes are with the system. */
  tensorDone(work: Work, outcome: TensorOutcome): void;
  /** Elements of a tensor have been combined. */
  advanced(work: Work, elementCount: number): void;
}

/**
 * Full chunks whose inputs are read ahead: 200 MB of three models in half precision, which keeps a disk busy. What is
 * read ahead takes memory that a virtual machine's host may have to give first (0.3 s of a core for 200 MB).
 */
const CHUNKS_AHEAD = 8;

/** Of tensors that are merged by one thread: one is computed, one is written, one is there when the thread is free. */
const BATCHES_PER_THREAD = 3;

/** What tensors were measured as by an earlier merge; null for those that are to be measured. */
export type MeasuredBefore = (tensor: string) => Measured | null;

/** Measures all tensors as one scope, in byte order of their names, but for what is known of it. */
export async function measureModel(
  works: readonly Work[],
  pool: Pool,
  known?: KnownParts,
): Promise<ModelScope | null> {
  const tensors = inScopeOrder(works);
  const arithmetic = tensors[0]?.arithmetic;
  if (arithmetic?.kind !== "ties") return null;
  const sweeps = new PoolSweeps(tensors.flatMap(chunksOf), pool, 0);
  return scopeOf(works, await measureScope(arithmetic, sweeps, undefined, known));
}

/** Where each tensor's chunks stand in a scope over all of them. */
export function scopeOf(works: readonly Work[], measured: Measured): ModelScope {
  const firstChunk = new Map<string, number>();
  let count = 0;
  for (const tensor of inScopeOrder(works)) {
    firstChunk.set(tensor.name, count);
    count += chunkCount(tensor);
  }
  return { measured, firstChunk };
}

function inScopeOrder(works: readonly Work[]): TensorWork[] {
  return works
    .filter((work): work is TensorWork => !isCopy(work))
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** Merges all works and reports each as it is done. */
export async function mergeTensors(
  works: readonly Work[],
  scope: ModelScope | null,
  pool: Pool,
  hooks: MergeHooks,
  before: MeasuredBefore = () => null,
): Promise<void> {
  const known = { scope, before };
  const { threads, chunksPerThread } = pool;
  const isKnown = (tensor: TensorWork) => isMeasured(tensor, known);
  const groups = groupWorks(works, { threads, isMeasured: isKnown });
  const chunkElements = chunkElementsOf(works);
  const room = chunksPerThread * chunkElements;
  // A whole number, so that what has left leaves nothing behind.
  const share = Math.ceil(room / BATCHES_PER_THREAD);
  const ahead: ByteRange[] = [];
  const window = { costOf: (group: WorkGroup) => group.cost, limit: CHUNKS_AHEAD * chunkElements };
  const prepared = new Lookahead(groups, window, async (group) => {
    const { spread } = group;
    if (spread !== null && !isKnown(spread)) return sampleAhead(spread, group.order, pool);
    ahead.push(...group.works.flatMap(rangesOf));
    return null;
  });
  await forEachInFlight(
    groups,
    threads * room,
    // Each thread sees to the room of what it merges by itself.
    ({ spread, cost }) => (spread === null ? Math.min(cost, share) : cost),
    async (group, leave) => {
      const brackets = prepared.take(group.order);
      const ranges = ahead.splice(0);
      const reads = ranges.length === 0 ? [] : [{ kind: "readAhead" as const, ranges }];
      const { spread } = group;
      if (spread === null) return mergeAtAStroke(group, reads, known, pool, hooks);
      if (reads.length > 0) await pool.run(reads, group.order);
      await mergeSpread(spread, { ...known, brackets: await brackets }, group.order, pool, hooks, leave);
    },
  );
}

/** Elements of the largest chunk. */
function chunkElementsOf(works: readonly Work[]): number {
  return works.reduce((most, work) => Math.max(most, isCopy(work) ? 1 : work.chunkElements), 1);
}

function isMeasured({ name }: TensorWork, { scope, before }: Known): boolean {
  return scope !== null || before(name) !== null;
}

/** What is known of cuts before a tensor is merged: those of the model, its own, or where its own probably lie. */
interface Known {
  readonly scope: ModelScope | null;
  readonly before: MeasuredBefore;
}

async function mergeAtAStroke(
  group: WorkGroup,
  reads: readonly ReadAheadOperation[],
  known: Known,
  pool: Pool,
  hooks: MergeHooks,
): Promise<void> {
  const operations = group.works.map((work) => operationsOf(work, known));
  const answers = (await pool.run([...reads, ...operations.flat()], group.order)) as StrokeAnswer[];
  let first = reads.length;
  for (const [i, work] of group.works.entries()) {
    const count = operations[i]?.length ?? 0;
    const own = answers.slice(first, first + count);
    first += count;
    hooks.advanced(work, costOf(work));
    hooks.tensorDone(work, outcomeOf(own, known.before(work.name)));
  }
}

/** None for an empty tensor. */
function operationsOf(work: Work, { scope, before }: Known): Operation[] {
  if (isCopy(work)) return work.pieces.map((piece) => ({ kind: "copy", ...piece }));
  if (work.elementCount === 0) return [];
  const own = before(work.name);
  if (scope === null && own === null) return [{ kind: "whole", tensor: work }];
  const measured = scope === null ? measuredForChunk(own as Measured, 0) : measuredInScope(work, 0, scope);
  return [{ kind: "combine", chunk: { tensor: work, index: 0 }, measured }];
}

type StrokeAnswer = TensorOutcome | ChunkResult | { hash: string };

function outcomeOf(answers: readonly StrokeAnswer[], measured: Measured | null): TensorOutcome {
  const [first] = answers;
  if (first === undefined) return { hashes: [], counts: null, measured: null };
  if ("hashes" in first) return first;
  const hashes = answers.map((answer) => (answer as { hash: string }).hash);
  if (!("models" in first)) return { hashes, counts: null, measured: null };
  const { hash: _, ...counts } = first;
  return { hashes, counts, measured };
}

async function mergeSpread(
  tensor: TensorWork,
  known: Known & { readonly brackets: Brackets | null },
  order: number,
  pool: Pool,
  hooks: MergeHooks,
  leave: (elementCount: number) => void,
): Promise<void> {
  const combined = (elementCount: number) => {
    hooks.advanced(tensor, elementCount);
    leave(elementCount);
  };
  const run = { chunks: chunksOf(tensor), order, pool, combined };
  const { results, measured } = await mergeChunks(run, tensor, known);
  hooks.tensorDone(tensor, {
    hashes: results.map((result) => result.hash),
    counts: addCounts(results),
    measured,
  });
}

async function mergeChunks(
  run: ChunksRun,
  tensor: TensorWork,
  { scope, before, brackets }: Known & { readonly brackets: Brackets | null },
): Promise<{ results: readonly ChunkResult[]; measured: Measured | null }> {
  const { arithmetic } = tensor;
  if (scope !== null)
    return { results: await combineChunks(run, (i) => measuredInScope(tensor, i, scope)), measured: null };
  if (arithmetic.kind !== "ties")
    return { results: await combineChunks(run, () => UNMEASURED), measured: null };
  const own = before(tensor.name);
  if (own !== null)
    return { results: await combineChunks(run, (i) => measuredForChunk(own, i)), measured: own };
  const sweeps = new PoolSweeps(run.chunks, run.pool, run.order);
  if (brackets !== null && hasRoomForDrafts(tensor, run.pool) && isMergedByDrafts(arithmetic, brackets)) {
    const drafted = await mergeDrafted(run, brackets);
    if (drafted !== null) return drafted;
  }
  const measured = await measureScope(arithmetic, sweeps, brackets ?? undefined);
  return { results: await combineChunks(run, (i) => measuredForChunk(measured, i)), measured };
}

/** Drafts stay in memory until their tensor is measured: while one is, another must have room to begin. */
function hasRoomForDrafts(tensor: TensorWork, { threads, chunksPerThread }: Pool): boolean {
  return chunkCount(tensor) <= (threads * chunksPerThread) / 2;
}

async function combineChunks(
  { chunks, order, pool, combined }: ChunksRun,
  measuredOf: (index: number) => ChunkMeasured,
): Promise<ChunkResult[]> {
  return Promise.all(
    chunks.map(async (chunk) => {
      const measured = measuredOf(chunk.index);
      const result = await pool.runOne({ kind: "combine" as const, chunk, measured }, order);
      combined(chunkExtent(chunk).elementCount);
      return result;
    }),
  );
}

function measuredInScope(tensor: TensorWork, index: number, scope: ModelScope): ChunkMeasured {
  return measuredForChunk(scope.measured, (scope.firstChunk.get(tensor.name) as number) + index);
}
