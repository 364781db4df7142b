/** Lays out the shards of an output: shapes are known, so that every byte's place is known before the first. */
import { DTYPE_BYTES, type Dtype } from "../dtypes.ts";

/** Tensor data starts at a multiple of this, so that whole blocks can be written by direct I/O. */
export const DATA_ALIGNMENT = 4096;

export interface OutputTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly elementCount: number;
}

/** Where a tensor's bytes go: `byteOffset` counts from the start of the shard's file. */
export interface PlacedTensor extends OutputTensor {
  readonly shardIndex: number;
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface ShardLayout {
  readonly name: string;
  /** The 8-byte length and the JSON header, padded by spaces to {@link DATA_ALIGNMENT}. */
  readonly header: Uint8Array;
  /** Bytes of the file that are known beforehand, too. */
  readonly constants: readonly { readonly byteOffset: number; readonly bytes: Uint8Array }[];
  readonly byteSize: number;
  readonly tensors: readonly PlacedTensor[];
}

/**
 * Places tensors by dtype size (largest first) and then name in byte order, as safetensors writers do, and
 * starts a new shard where the next tensor would carry one past `maxShardBytes` of data. A tensor larger than
 * that has a shard of its own.
 */
export function layOutShards(tensors: readonly OutputTensor[], maxShardBytes: number): ShardLayout[] {
  const sorted = [...tensors].sort(
    (a, b) =>
      DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
  const shards: OutputTensor[][] = [[]];
  let dataBytes = 0;
  for (const tensor of sorted) {
    const own = bytesOf(tensor);
    if (dataBytes > 0 && dataBytes + own > maxShardBytes) {
      shards.push([]);
      dataBytes = 0;
    }
    shards.at(-1)?.push(tensor);
    dataBytes += own;
  }
  return shards.map((members, index) => layOutShard(members, index, shards.length));
}

/** `model.safetensors`, or `model-0000i-of-0000n.safetensors`, counted from 1. */
export function shardName(index: number, count: number): string {
  if (count === 1) return "model.safetensors";
  const padded = (number: number) => String(number).padStart(5, "0");
  return `model-${padded(index + 1)}-of-${padded(count)}.safetensors`;
}

/** The `model.safetensors.index.json` of several shards. */
export function indexOf(shards: readonly ShardLayout[]): Record<string, unknown> {
  const placed = shards.flatMap((shard) => shard.tensors.map((tensor) => ({ tensor, shard })));
  const totalBytes = placed.reduce((sum, { tensor }) => sum + tensor.byteLength, 0);
  return {
    metadata: { total_size: totalBytes },
    weight_map: Object.fromEntries(placed.map(({ tensor, shard }) => [tensor.name, shard.name])),
  };
}

function bytesOf(tensor: OutputTensor): number {
  return tensor.elementCount * DTYPE_BYTES[tensor.dtype];
}

function layOutShard(members: readonly OutputTensor[], shardIndex: number, shardCount: number): ShardLayout {
  const entries: [string, unknown][] = [["__metadata__", { format: "pt" }]];
  let dataOffset = 0;
  for (const tensor of members) {
    const end = dataOffset + bytesOf(tensor);
    entries.push([
      tensor.name,
      { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [dataOffset, end] },
    ]);
    dataOffset = end;
  }
  const header = encodeHeader(Object.fromEntries(entries));
  let byteOffset = header.byteLength;
  const placed = members.map((tensor) => {
    const byteLength = bytesOf(tensor);
    const place: PlacedTensor = { ...tensor, shardIndex, byteOffset, byteLength };
    byteOffset += byteLength;
    return place;
  });
  const name = shardName(shardIndex, shardCount);
  return { name, header, constants: [], byteSize: byteOffset, tensors: placed };
}

function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const byteLength = Math.ceil((8 + json.byteLength) / DATA_ALIGNMENT) * DATA_ALIGNMENT;
  const bytes = Buffer.alloc(byteLength, " ");
  bytes.writeBigUInt64LE(BigInt(byteLength - 8));
  json.copy(bytes, 8);
  return bytes;
}
