/** Where every byte of a GGUF file lies: magic, counts, metadata, tensor infos, then data at multiples of 32. */
import { nearestName, TiesmithError } from "../errors.ts";
import { ByteWriter, type GgufMetadata, writeEntry } from "./metadata.ts";

/** The formats that tiesmith writes: number in the file, elements per block, bytes per block. */
export const GGUF_TYPES = {
  f32: { number: 0, blockElements: 1, blockBytes: 4, fileType: 0 },
  f16: { number: 1, blockElements: 1, blockBytes: 2, fileType: 1 },
  bf16: { number: 30, blockElements: 1, blockBytes: 2, fileType: 32 },
  q8_0: { number: 8, blockElements: 32, blockBytes: 34, fileType: 7 },
} as const;

export type GgufType = keyof typeof GGUF_TYPES;

/** How matrices are stored where nothing else is said. */
export const DEFAULT_GGUF_TYPE: GgufType = "bf16";

/** @throws {TiesmithError} `USAGE` naming the types */
export function checkGgufType(type: string): GgufType {
  if (Object.hasOwn(GGUF_TYPES, type)) return type as GgufType;
  const near = nearestName(type, Object.keys(GGUF_TYPES));
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new TiesmithError(
    "USAGE",
    `Expected a type of ${Object.keys(GGUF_TYPES).join(", ")}, but received ${JSON.stringify(type)}${hint}`,
    { option: "--type" },
  );
}

/** The format's default for `general.alignment`. */
const ALIGNMENT = 32;
const VERSION = 3;

/** A tensor as it is to be written. */
export interface GgufTensor {
  readonly name: string;
  /** Rows first, as safetensors counts; the file has them the other way round. */
  readonly shape: readonly number[];
  readonly type: GgufType;
}

/** A tensor and its place, counted from the start of the file. */
export type PlacedGgufTensor<T extends GgufTensor> = T & {
  readonly byteOffset: number;
  readonly byteLength: number;
};

export interface GgufLayout<T extends GgufTensor> {
  /** Everything before the first tensor's data. */
  readonly header: Uint8Array;
  readonly tensors: readonly PlacedGgufTensor<T>[];
  readonly byteSize: number;
}

/** Bytes of so many elements; of quantised types they are whole blocks, and so are rows. */
export function storedBytes(type: GgufType, elementCount: number): number {
  const { blockElements, blockBytes } = GGUF_TYPES[type];
  return (elementCount / blockElements) * blockBytes;
}

function byteLengthOf({ shape, type }: GgufTensor): number {
  return storedBytes(
    type,
    shape.reduce((product, size) => product * size, 1),
  );
}

/** Places tensors in the given order. */
export function layOutGguf<T extends GgufTensor>(
  metadata: GgufMetadata,
  tensors: readonly T[],
): GgufLayout<T> {
  const writer = new ByteWriter();
  writer.bytes(Buffer.from("GGUF")).uint32(VERSION).uint64(tensors.length).uint64(metadata.size);
  for (const [key, value] of metadata) writeEntry(writer, key, value);
  let offset = 0;
  const offsets = tensors.map((tensor) => {
    const own = offset;
    writer.string(tensor.name).uint32(tensor.shape.length);
    for (const size of [...tensor.shape].reverse()) writer.uint64(size);
    writer.uint32(GGUF_TYPES[tensor.type].number).uint64(own);
    offset = Math.ceil((own + byteLengthOf(tensor)) / ALIGNMENT) * ALIGNMENT;
    return own;
  });
  const header = writer.align(ALIGNMENT).toBytes();
  const placed = tensors.map((tensor, i) => ({
    ...tensor,
    byteOffset: header.byteLength + (offsets[i] as number),
    byteLength: byteLengthOf(tensor),
  }));
  return { header, tensors: placed, byteSize: header.byteLength + offset };
}
