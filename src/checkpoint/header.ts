/**
 * The header of a safetensors file: an 8-byte little-endian length, that many bytes of JSON, then the data.
 * Every rule of the format is checked here, so that whatever maps the file later can trust its offsets.
 *
 * @see https://github.com/huggingface/safetensors#format
 */

import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DTYPE_BYTES, type Dtype } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import { isJsonObject, parseJsonObject } from "./json-file.ts";
import { systemError } from "./system-error.ts";
import { quoted, shown, shownShape } from "./wording.ts";

/** The longest header that the format allows, in bytes. */
export const HEADER_BYTES_LIMIT = 100_000_000;

/** Bytes of the length field in front of the header. */
export const LENGTH_BYTES = 8;

const METADATA_KEY = "__metadata__";

/** Where one tensor lies in its file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly elementCount: number;
  /** Counted from the start of the file; need not be aligned. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** What a header says. */
export interface Header {
  /** In the order of their bytes in the file; tensors without bytes stand where their offset is, by name. */
  readonly tensors: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** One safetensors file, its identity and its tensors. */
export interface ShardFile extends Header {
  /** Absolute. */
  readonly path: string;
  readonly byteSize: number;
  /** Time of the last change in nanoseconds, decimal: a number would round it. */
  readonly modifiedNs: string;
  readonly device: string;
  readonly inode: string;
  /** SHA-256, hexadecimal, of the length field and the header. */
  readonly headerHash: string;
}

/**
 * Parses and validates the JSON header of a safetensors file.
 *
 * @param header the JSON bytes, without the length field in front of them
 * @param dataBytes how many bytes follow the header in the file
 * @throws CHECKPOINT_INVALID if the header breaks a rule of the format or does not fit `dataBytes`;
 * DTYPE_UNSUPPORTED for a packed or complex format
 */
export function parseHeader(header: Uint8Array, dataBytes: number, path: string): Header {
  if (header[0] !== 0x7b) throw invalid(path, "a header that starts with {", `found ${leadingByte(header)}`);
  const raw = parseJsonObject(header, path, { what: "a header", uniqueDepth: 2 });
  const dataStart = LENGTH_BYTES + header.byteLength;
  const tensors: TensorEntry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === METADATA_KEY) metadata = checkedMetadata(value, path);
    else tensors.push(parseEntry(name, value, dataStart, path));
  }
  // A tensor without bytes sorts before the one that starts at the same place.
  tensors.sort(
    (a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength || compareText(a.name, b.name),
  );
  checkCoverage(tensors, dataStart, dataBytes, path);
  return { tensors, metadata };
}

/**
 * Reads the header of a safetensors file and the file's identity; the data is not touched.
 *
 * @throws CHECKPOINT_INVALID, DTYPE_UNSUPPORTED as {@link parseHeader}; NO_PERMISSION; IO_FAILED
 */
export function readShardFile(file: string): ShardFile {
  const path = resolve(file);
  let descriptor: number | undefined;
  try {
    // Asked before opening: opening a named pipe would wait for its writer.
    if (!statSync(path).isFile())
      throw invalid(path, "a safetensors file", "found something that is not a file");
    descriptor = openSync(path, "r");
    return readOpenShard(descriptor, fstatSync(descriptor, { bigint: true }), path);
  } catch (error) {
    throw systemError(error, path, "a safetensors file");
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readOpenShard(descriptor: number, stats: BigIntStats, path: string): ShardFile {
  const byteSize = Number(stats.size);
  if (byteSize < LENGTH_BYTES) throw truncated(path, `at least ${LENGTH_BYTES} bytes`, byteSize);
  const lengthField = readBytes(descriptor, 0, LENGTH_BYTES, path);
  if (lengthField.toString("latin1") === "version ") {
    throw invalid(
      path,
      "a safetensors file",
      "found a Git LFS pointer; fetch the file itself with: git lfs pull",
    );
  }
  const headerBytes = lengthField.readBigUInt64LE();
  if (headerBytes > BigInt(HEADER_BYTES_LIMIT)) {
    const found = `its length field says ${headerBytes}: this is not a safetensors file, or it is damaged`;
    throw invalid(path, `a header of at most ${HEADER_BYTES_LIMIT} bytes`, found);
  }
  const dataStart = LENGTH_BYTES + Number(headerBytes);
  if (dataStart > byteSize) throw truncated(path, `a header of ${headerBytes} bytes`, byteSize);
  const header = readBytes(descriptor, LENGTH_BYTES, Number(headerBytes), path);
  return {
    path,
    byteSize,
    modifiedNs: stats.mtimeNs.toString(),
    device: stats.dev.toString(),
    inode: stats.ino.toString(),
    headerHash: createHash("sha256").update(lengthField).update(header).digest("hex"),
    ...parseHeader(header, byteSize - dataStart, path),
  };
}

function readBytes(descriptor: number, position: number, byteCount: number, path: string): Buffer {
  const bytes = Buffer.allocUnsafe(byteCount);
  let filled = 0;
  while (filled < byteCount) {
    const count = readSync(descriptor, bytes, filled, byteCount - filled, position + filled);
    if (count === 0) throw truncated(path, `${byteCount} bytes at ${position}`, position + filled);
    filled += count;
  }
  return bytes;
}

function parseEntry(name: string, value: unknown, dataStart: number, path: string): TensorEntry {
  const where = `tensor ${quoted(name)}`;
  // A lone surrogate cannot be written back as UTF-8: two such names would become one.
  if (/\p{Surrogate}/u.test(name))
    throw invalid(path, "tensor names in Unicode", `${where} holds half a surrogate pair`);
  if (!isJsonObject(value))
    throw invalid(path, `dtype, shape and data_offsets of ${where}`, `found ${shown(value)}`);
  const dtype = checkedDtype(value.dtype, where, path);
  const shape = value.shape;
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw invalid(path, `a shape of whole numbers for ${where}`, `found ${shown(shape)}`);
  }
  const [begin, end] = checkedOffsets(value.data_offsets, where, path);
  const elementCount = countElements(shape, dtype, where, path);
  const byteLength = elementCount * DTYPE_BYTES[dtype];
  if (end - begin !== byteLength) {
    const expected = `${byteLength} bytes (${dtype} × ${shownShape(shape)}) for ${where}`;
    throw invalid(path, expected, `its data_offsets span ${end - begin}`);
  }
  return { name, dtype, shape, elementCount, byteOffset: dataStart + begin, byteLength };
}

function checkedDtype(dtype: unknown, where: string, path: string): Dtype {
  if (typeof dtype === "string" && Object.hasOwn(DTYPE_BYTES, dtype)) return dtype as Dtype;
  // The format's other names: packed floats (F4, F6_E2M3, F8_E8M0, F8_E4M3FNUZ …) and complex numbers.
  if (typeof dtype === "string" && /^(F[468]|F[468]_E\dM\d(FN|FNUZ)?|C64|C128)$/.test(dtype)) {
    const kind = dtype.startsWith("C") ? "complex" : "quantised";
    throw new TiesmithError(
      "DTYPE_UNSUPPORTED",
      `Expected F32, F16 or BF16 for ${where} in ${path}, but found the ${kind} format ${dtype}; use a copy of the model in one of those`,
      { path, dtype },
    );
  }
  throw invalid(
    path,
    `a known dtype for ${where} (${Object.keys(DTYPE_BYTES).join(", ")})`,
    `found ${shown(dtype)}`,
  );
}

function checkedOffsets(offsets: unknown, where: string, path: string): [number, number] {
  if (Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount)) {
    const [begin, end] = offsets as [number, number];
    if (begin <= end) return [begin, end];
  }
  throw invalid(
    path,
    `data_offsets [begin, end] with 0 ≤ begin ≤ end for ${where}`,
    `found ${shown(offsets)}`,
  );
}

/** Whole, not negative, below 2⁵³, so that it is the number that the file spells. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

/** A product below 2⁵³ is exact in a double, and one that is not below it cannot round to below it. */
function countElements(shape: readonly number[], dtype: Dtype, where: string, path: string): number {
  let count = 1;
  for (const dimension of shape) {
    count *= dimension;
    if (!Number.isSafeInteger(count * DTYPE_BYTES[dtype])) {
      throw invalid(path, `a size below 2^53 bytes for ${where}`, `its shape overflows: ${shown(shape)}`);
    }
  }
  return count;
}

/** The data must be covered without hole and without overlap, from its first byte to the end of the file. */
function checkCoverage(
  tensors: readonly TensorEntry[],
  dataStart: number,
  dataBytes: number,
  path: string,
): void {
  let end = dataStart;
  let before = "the header";
  for (const { name, byteOffset, byteLength } of tensors) {
    if (byteOffset !== end) {
      const kind = byteOffset > end ? "leaves a hole" : "overlaps";
      const found = `it starts at ${byteOffset - dataStart}: the data ${kind}`;
      throw invalid(
        path,
        `tensor ${quoted(name)} to start at ${end - dataStart}, where ${before} ends`,
        found,
      );
    }
    end += byteLength;
    before = quoted(name);
  }
  const fileBytes = dataStart + dataBytes;
  if (end > fileBytes) throw truncated(path, `${end} bytes`, fileBytes);
  if (end < fileBytes) {
    throw invalid(
      path,
      `a file of ${end} bytes, as its header says`,
      `found ${fileBytes}: data follows the last tensor`,
    );
  }
}

function checkedMetadata(value: unknown, path: string): Readonly<Record<string, string>> {
  if (isJsonObject(value) && Object.values(value).every((text) => typeof text === "string")) {
    return value as Record<string, string>;
  }
  throw invalid(path, `${METADATA_KEY} to map strings to strings`, `found ${shown(value)}`);
}

function leadingByte(header: Uint8Array): string {
  return header[0] === undefined ? "an empty header" : `byte 0x${header[0].toString(16).padStart(2, "0")}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function invalid(path: string, expected: string, found: string): TiesmithError {
  return new TiesmithError("CHECKPOINT_INVALID", `Expected ${expected} in ${path}, but ${found}`, { path });
}

function truncated(path: string, expected: string, foundBytes: number): TiesmithError {
  const found = `the file ends after ${foundBytes}: it is truncated; download it again`;
  return invalid(path, expected, found);
}
