/** What the engine must know to merge one tensor, as plain data that may cross threads. */
import type { FloatDtype } from "../dtypes.ts";
import type { Arithmetic } from "../methods/method.ts";
import type { NativeEncoding } from "../native/addon.ts";

/** Elements in a file on disk, `byteOffset` from its start. */
export interface SourceRef {
  readonly path: string;
  readonly byteOffset: number;
  readonly dtype: FloatDtype;
}

export interface TensorWork {
  readonly name: string;
  readonly elementCount: number;
  /** Elements per chunk: a whole number of 4,096-element blocks, the same for every thread count. */
  readonly chunkElements: number;
  readonly base: SourceRef | null;
  readonly models: readonly SourceRef[];
  readonly arithmetic: Arithmetic;
  readonly output: {
    readonly path: string;
    readonly byteOffset: number;
    readonly dtype: FloatDtype;
    /** Clamp what overflows the output dtype, and count it, instead of failing. */
    readonly saturate: boolean;
    /** What is done to merged elements before they are written; null if nothing. */
    readonly encoding: WorkEncoding | null;
  };
}

export interface WorkEncoding extends NativeEncoding {
  /** So many elements are stored in so many bytes; chunks are a whole number of such blocks. */
  readonly blockElements: number;
  readonly blockBytes: number;
}

/** One chunk of one tensor. */
export interface ChunkRef {
  readonly tensor: TensorWork;
  readonly index: number;
}

export function chunkCount(tensor: TensorWork): number {
  return Math.ceil(tensor.elementCount / tensor.chunkElements);
}

/** The chunks of a tensor in index order. An empty tensor has none. */
export function chunksOf(tensor: TensorWork): ChunkRef[] {
  return Array.from({ length: chunkCount(tensor) }, (_, index) => ({ tensor, index }));
}

/** The tensors that a scope's chunks belong to, and their elements in all. */
export function tensorsOf(chunks: readonly ChunkRef[]): { tensors: TensorWork[]; elementCount: number } {
  const tensors = [...new Set(chunks.map((chunk) => chunk.tensor))];
  return { tensors, elementCount: tensors.reduce((sum, tensor) => sum + tensor.elementCount, 0) };
}

/** Elements before the chunk, and in it. */
export function chunkExtent(chunk: ChunkRef): { elementOffset: number; elementCount: number } {
  const elementOffset = chunk.index * chunk.tensor.chunkElements;
  const rest = chunk.tensor.elementCount - elementOffset;
  return { elementOffset, elementCount: Math.min(rest, chunk.tensor.chunkElements) };
}
