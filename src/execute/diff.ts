/** `diff`: compares two models tensor by tensor. */
import { type Checkpoint, type CheckpointTensor, readCheckpoint } from "../checkpoint/checkpoint.ts";
import { findModel } from "../checkpoint/find-model.ts";
import { DTYPE_BYTES, isFloatDtype } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import type { NativeDifference } from "../native/addon.ts";
import { Problems } from "../plan/problems.ts";
import type { ByteRange, CompareOperation, HashOperation } from "./operations.ts";
import { type Piece, ReadMeter, sweepPieces } from "./sweep-pieces.ts";
import {
  ComparedPair,
  type Measures,
  relativeL2,
  shareOf,
  type TensorDifference,
  unpaired,
} from "./tensor-difference.ts";
import type { SourceRef } from "./tensor-work.ts";
import { checkReadOptions, type ReadOptions, withPool } from "./with-pool.ts";

export type DiffOptions = ReadOptions;

export interface DiffTotals {
  /** Names in either model. */
  readonly tensorCount: number;
  readonly identical: number;
  /** Tensors that are the same numbers in other bytes. */
  readonly equal: number;
  /** All other tensors, those that only one model has included. */
  readonly differing: number;
  /** Elements of the tensors that could be compared: neither missing, nor of another shape, nor incomparable. */
  readonly parameters: number;
  /** Of these, the ones that differ. */
  readonly differingParameters: number;
  /** Over all compared tensors, as of one tensor. */
  readonly maxAbsolute: number;
  readonly relativeL2: number | null;
  readonly signAgreement: number;
}

export interface DiffReport {
  /** Absolute folders. */
  readonly a: string;
  readonly b: string;
  /** Whether both hold the same tensors, byte for byte. Where they lie in the files does not matter. */
  readonly identical: boolean;
  readonly totals: DiffTotals;
  /** In byte order of their names. */
  readonly tensors: readonly TensorDifference[];
  readonly bytes: number;
  readonly seconds: number;
}

/** Elements compared at a time. Sums are taken per block of 4,096, so that this and the threads change no result. */
const CHUNK_ELEMENTS = 1 << 20;

/**
 * Compares two models tensor by tensor: as numbers where both tensors are F32, F16 or BF16 (also of two
 * formats), by their bytes otherwise. Reads every byte of both once; the result does not depend on threads.
 *
 * @param a a path, or a hub id with an optional `@revision` that lies in the local cache
 * @param b the same; relative measures are relative to `a`
 * @throws {TiesmithError} `MODEL_NOT_FOUND`, `CHECKPOINT_INVALID` or `DTYPE_UNSUPPORTED` (packed formats) naming
 *   what is wrong with both; `INPUT_CHANGED`; `INTERRUPTED`; `NO_PERMISSION`; `IO_FAILED`; `WORKER_FAILED`; `USAGE`
 * @example
 * const { identical, totals } = await diff("models/base", "merged");
 */
export async function diff(a: string, b: string, options: DiffOptions = {}): Promise<DiffReport> {
  checkReadOptions(options);
  const started = performance.now();
  const [first, second] = readBoth(a, b);
  const pairs = pairTensors(first, second);
  const bytes = pairs.reduce((sum, pair) => sum + pair.a.byteLength + pair.b.byteLength, 0);
  const meter = new ReadMeter({ bytes, tensors: pairs.length }, options.onProgress);
  await withPool(options, (pool) => sweepPieces(piecesOf(pairs, first, second, meter), pool));
  const byName = new Map(pairs.map((pair) => [pair.a.name, pair]));
  const names = inByteOrder([...new Set([...first.tensors.keys(), ...second.tensors.keys()])]);
  const tensors = names.map(
    (name) =>
      byName.get(name)?.difference() ?? unpaired(name, first.tensors.get(name), second.tensors.get(name)),
  );
  const totals = totalsOf(
    tensors,
    names.flatMap((name) => byName.get(name) ?? []),
  );
  return {
    a: first.folder,
    b: second.folder,
    identical: totals.identical === totals.tensorCount,
    totals,
    tensors,
    bytes,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Both are read before either is complained of. */
function readBoth(a: string, b: string): [Checkpoint, Checkpoint] {
  const problems = new Problems();
  const read = (text: string) =>
    problems.attempt(() => readCheckpoint(findModel(text), { purpose: "inspect" }));
  const [first, second] = [read(a), read(b)];
  if (first === undefined || second === undefined) throw TiesmithError.fromProblems(problems.list);
  return [first, second];
}

/** The tensors that both have in the same shape, in the order of A's files, so that disks read ahead. */
function pairTensors(first: Checkpoint, second: Checkpoint): ComparedPair[] {
  return [...first.tensors.values()].flatMap((a) => {
    const b = second.tensors.get(a.name);
    if (b === undefined || a.shape.join() !== b.shape.join()) return [];
    return [new ComparedPair(a, b, isFloatDtype(a.dtype) && isFloatDtype(b.dtype))];
  });
}

function* piecesOf(
  pairs: readonly ComparedPair[],
  first: Checkpoint,
  second: Checkpoint,
  meter: ReadMeter,
): Generator<Piece<HashOperation | CompareOperation>> {
  for (const pair of pairs) {
    const { elementCount } = pair.a;
    const count = Math.ceil(elementCount / CHUNK_ELEMENTS);
    if (count === 0) meter.advance(0, 1);
    let left = count;
    for (let chunk = 0; chunk < count; chunk++) {
      const offset = chunk * CHUNK_ELEMENTS;
      const elements = Math.min(CHUNK_ELEMENTS, elementCount - offset);
      const reads = [rangeOf(pair.a, first, offset, elements), rangeOf(pair.b, second, offset, elements)];
      yield pieceOf(pair, chunk, reads as [ByteRange, ByteRange], elements, (bytes) => {
        left -= 1;
        meter.advance(bytes, left === 0 ? 1 : 0);
      });
    }
  }
}

function pieceOf(
  pair: ComparedPair,
  chunk: number,
  reads: readonly [ByteRange, ByteRange],
  elementCount: number,
  done: (bytes: number) => void,
): Piece<HashOperation | CompareOperation> {
  const [a, b] = [sourceOf(pair.a, reads[0]), sourceOf(pair.b, reads[1])];
  // Hashes tell equal bytes from equal numbers, and a NaN from another; XXH3-128 runs at the speed of the cache.
  const hashes =
    pair.a.dtype === pair.b.dtype ? reads.map((range) => ({ kind: "hash" as const, range })) : [];
  const compares = a === null || b === null ? [] : [{ kind: "compare" as const, a, b, elementCount }];
  const answered = (answers: (string | NativeDifference)[]) => {
    const digests = answers.filter((answer) => typeof answer === "string");
    if (digests[0] !== digests[1]) pair.sawOtherBytes();
    for (const answer of answers) if (typeof answer !== "string") pair.add(chunk, answer);
    done(reads[0].byteCount + reads[1].byteCount);
  };
  return { reads, operations: [...hashes, ...compares], answered };
}

function rangeOf(
  tensor: CheckpointTensor,
  { shards }: Checkpoint,
  elementOffset: number,
  elementCount: number,
): ByteRange {
  const size = DTYPE_BYTES[tensor.dtype];
  return {
    path: shards[tensor.shardIndex]?.path as string,
    byteOffset: tensor.byteOffset + elementOffset * size,
    byteCount: elementCount * size,
  };
}

function sourceOf({ dtype }: CheckpointTensor, { path, byteOffset }: ByteRange): SourceRef | null {
  return isFloatDtype(dtype) ? { path, byteOffset, dtype } : null;
}

function totalsOf(tensors: readonly TensorDifference[], pairs: readonly ComparedPair[]): DiffTotals {
  const all: Measures = {
    differing: 0,
    sameSign: 0,
    notFinite: 0,
    maxAbsolute: 0,
    differenceSquares: 0,
    aSquares: 0,
  };
  let parameters = 0;
  for (const pair of pairs) {
    const own = pair.measures();
    if (own === null) continue;
    parameters += pair.a.elementCount;
    all.maxAbsolute = Math.max(all.maxAbsolute, own.maxAbsolute);
    for (const key of ["differing", "sameSign", "notFinite", "differenceSquares", "aSquares"] as const)
      all[key] += own[key];
  }
  const countOf = (status: string) => tensors.filter((tensor) => tensor.status === status).length;
  const [identical, equal] = [countOf("identical"), countOf("equal")];
  return {
    tensorCount: tensors.length,
    identical,
    equal,
    differing: tensors.length - identical - equal,
    parameters,
    differingParameters: all.differing,
    maxAbsolute: all.maxAbsolute,
    relativeL2: relativeL2(all),
    signAgreement: shareOf(all.sameSign, parameters),
  };
}

function inByteOrder(names: string[]): string[] {
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
