/** How an output tensor is cut for hashing: the chunk grid that the manifest's hashes are taken over. */
import { DTYPE_BYTES, type Dtype, isCopiedDtype } from "../dtypes.ts";

/** Bytes of a copied tensor that are copied, and hashed, at a time: as large as a chunk's scratch memory. */
export const COPIED_PIECE_BYTES = 4 << 20;

export interface HashedRange {
  readonly byteOffset: number;
  readonly byteCount: number;
}

/**
 * The ranges of a tensor that are hashed apart, in order, by offset from the tensor's first byte.
 * @param chunkBytes bytes of a chunk, where they are not those of `chunkElements` elements of the dtype
 */
export function* hashedRanges(
  tensor: { readonly dtype: Dtype; readonly byteLength: number },
  chunkElements: number,
  chunkBytes?: number,
): Generator<HashedRange> {
  const { dtype, byteLength } = tensor;
  const ownBytes = isCopiedDtype(dtype) ? COPIED_PIECE_BYTES : chunkElements * DTYPE_BYTES[dtype];
  const step = chunkBytes ?? ownBytes;
  for (let byteOffset = 0; byteOffset < byteLength; byteOffset += step)
    yield { byteOffset, byteCount: Math.min(step, byteLength - byteOffset) };
}
