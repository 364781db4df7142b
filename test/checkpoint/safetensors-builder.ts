/** Building safetensors files for tests, correct ones and broken ones. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { readShardFile } from "../../src/checkpoint/header.ts";
import { TiesmithError } from "../../src/errors.ts";

/** A tensor to be written; `data` holds its little-endian bytes. */
export interface TensorData {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface WriteOptions {
  /** `__metadata__`; none if absent. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Spaces after the header: an odd count makes the data unaligned. */
  readonly paddingBytes?: number;
}

/** A new folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A tensor of 32-bit floats. */
export function f32(shape: readonly number[], values: readonly number[]): TensorData {
  return { dtype: "F32", shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A tensor of zero bytes, as long as `byteCount` says. */
export function zeros(dtype: string, shape: readonly number[], byteCount: number): TensorData {
  return { dtype, shape, data: new Uint8Array(byteCount) };
}

/** The header that describes tensors laid out in the order given. */
export function headerOf(tensors: Readonly<Record<string, TensorData>>, options: WriteOptions = {}): string {
  const header: Record<string, unknown> = {};
  if (options.metadata !== undefined) header.__metadata__ = options.metadata;
  let end = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  return JSON.stringify(header) + " ".repeat(options.paddingBytes ?? 0);
}

/** Writes a correct file: tensors in the order given. */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorData>>,
  options: WriteOptions = {},
): void {
  writeRawSafetensors(
    path,
    headerOf(tensors, options),
    Buffer.concat(Object.values(tensors).map(({ data }) => data)),
  );
}

/** Writes whatever header is given, true or not; `headerLength` overrides what the length field says. */
export function writeRawSafetensors(
  path: string,
  header: string | Uint8Array,
  data: Uint8Array | number = 0,
  headerLength?: bigint,
): void {
  const headerBytes = Buffer.from(header);
  const lengthField = Buffer.alloc(8);
  lengthField.writeBigUInt64LE(headerLength ?? BigInt(headerBytes.byteLength));
  writeFileSync(
    path,
    Buffer.concat([lengthField, headerBytes, typeof data === "number" ? Buffer.alloc(data) : data]),
  );
}

/** Writes shards and the index that lists their tensors. */
export function writeSharded(
  folder: string,
  shards: Readonly<Record<string, Readonly<Record<string, TensorData>>>>,
): void {
  const weightMap: Record<string, string> = {};
  for (const [shard, tensors] of Object.entries(shards)) {
    writeSafetensors(join(folder, shard), tensors);
    for (const name of Object.keys(tensors)) weightMap[name] = shard;
  }
  writeJson(join(folder, "model.safetensors.index.json"), { metadata: {}, weight_map: weightMap });
}

/** A new model folder with one file of weights and, if given, a config. */
export function folderWith(tensors: Record<string, TensorData>, config?: unknown): string {
  const folder = temporaryFolder();
  writeSafetensors(join(folder, "model.safetensors"), tensors);
  if (config !== undefined) writeJson(join(folder, "config.json"), config);
  return folder;
}

export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}

/** The error that `action` throws, which must be a `TiesmithError` of one line. */
export function refusal(action: () => unknown): TiesmithError {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TiesmithError)) throw error;
    if (error.message.includes("\n")) throw new Error(`not one line: ${error.message}`);
    return error;
  }
  throw new Error("expected a refusal, but the action succeeded");
}

/** Runs `action` as a user without rights where the test itself runs as root, whom permissions do not bind. */
export function withoutRights<T>(action: () => T): T {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.(65534);
  try {
    return action();
  } finally {
    process.seteuid?.(0);
  }
}

/** Writes a raw file, which must be refused by its path; returns code and message. */
export function refused(
  header: string | Uint8Array,
  data: Uint8Array | number = 0,
  headerLength?: bigint,
): string {
  const path = join(temporaryFolder(), "model.safetensors");
  writeRawSafetensors(path, header, data, headerLength);
  const error = refusal(() => readShardFile(path));
  expect(error.message).toContain(path);
  return `${error.code}: ${error.message}`;
}

/** A header entry whose shape, unless given, agrees with its offsets. */
export const entry = (
  begin: number,
  end: number,
  shape: unknown = [end - begin],
  dtype: unknown = "U8",
): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
/** A header as text, as true as its entries. */
export const header = (entries: object): string => JSON.stringify(entries);
