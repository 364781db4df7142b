/** The key-value part of a GGUF file: typed values, and their bytes. */

/** A value with its type, as GGUF spells types. Arrays hold elements of one type. */
export type GgufValue =
  | { readonly type: "uint32"; readonly value: number }
  | { readonly type: "float32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "int32s" | "float32s"; readonly value: readonly number[] };

/** Keys in the order of the file. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** Type numbers of the format, version 3. */
const TYPE_NUMBERS = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;

export const uint32 = (value: number): GgufValue => ({ type: "uint32", value });
export const float32 = (value: number): GgufValue => ({ type: "float32", value });
export const bool = (value: boolean): GgufValue => ({ type: "bool", value });
export const text = (value: string): GgufValue => ({ type: "string", value });

/** Little-endian bytes, appended piece by piece. */
export class ByteWriter {
  readonly #pieces: Uint8Array[] = [];
  byteLength = 0;

  #append(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.byteLength += piece.byteLength;
  }

  bytes(value: Uint8Array): this {
    this.#append(value);
    return this;
  }

  uint32(value: number): this {
    const piece = Buffer.alloc(4);
    piece.writeUInt32LE(value);
    this.#append(piece);
    return this;
  }

  uint64(value: number): this {
    const piece = Buffer.alloc(8);
    piece.writeBigUInt64LE(BigInt(value));
    this.#append(piece);
    return this;
  }

  string(value: string): this {
    const utf8 = Buffer.from(value, "utf8");
    return this.uint64(utf8.byteLength).bytes(utf8);
  }

  /** Zeros up to the next multiple of `alignment`. */
  align(alignment: number): this {
    const rest = this.byteLength % alignment;
    return rest === 0 ? this : this.bytes(new Uint8Array(alignment - rest));
  }

  toBytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }
}

/** Writes one key and its value. */
export function writeEntry(writer: ByteWriter, key: string, entry: GgufValue): void {
  writer.string(key);
  switch (entry.type) {
    case "string":
      writer.uint32(TYPE_NUMBERS.string).string(entry.value);
      break;
    case "bool":
      writer.uint32(TYPE_NUMBERS.bool).bytes(Uint8Array.of(entry.value ? 1 : 0));
      break;
    case "uint32":
      writer.uint32(TYPE_NUMBERS.uint32).uint32(entry.value);
      break;
    case "float32":
      writer.uint32(TYPE_NUMBERS.float32).bytes(floatBytes([entry.value]));
      break;
    case "strings":
      writer.uint32(TYPE_NUMBERS.array).uint32(TYPE_NUMBERS.string).uint64(entry.value.length);
      for (const value of entry.value) writer.string(value);
      break;
    case "int32s":
      writer.uint32(TYPE_NUMBERS.array).uint32(TYPE_NUMBERS.int32).uint64(entry.value.length);
      writer.bytes(new Uint8Array(Int32Array.from(entry.value).buffer));
      break;
    case "float32s":
      writer.uint32(TYPE_NUMBERS.array).uint32(TYPE_NUMBERS.float32).uint64(entry.value.length);
      writer.bytes(floatBytes(entry.value));
  }
}

/** Every platform that Node supports here is little-endian, as the format is. */
function floatBytes(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
