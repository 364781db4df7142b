/** A folder as a merge leaves it, made without tiesmith: hashes come from another implementation of XXH3-128. */

import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import xxhash from "xxhash-addon";
import {
  f32,
  type TensorData,
  temporaryFolder,
  writeJson,
  writeSafetensors,
} from "../checkpoint/safetensors-builder.ts";

const CHUNK_ELEMENTS = 4096;
export const SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;
const COPIED_PIECE_BYTES = 4 << 20;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The hash of chunk hashes, by another implementation of XXH3-128. */
function referenceHash({ dtype, data }: TensorData): string {
  const step = dtype.startsWith("I") ? COPIED_PIECE_BYTES : CHUNK_ELEMENTS * (dtype === "F32" ? 4 : 2);
  const digests: Buffer[] = [];
  for (let start = 0; start < data.byteLength; start += step)
    digests.push(xxhash.XXHash128.hash(Buffer.from(data.subarray(start, start + step))));
  return xxhash.XXHash128.hash(Buffer.concat(digests)).toString("hex");
}

/** Bytes without a pattern that a shifted offset could hide. */
export function noise(dtype: string, shape: readonly number[], byteCount: number): TensorData {
  const data = new Uint8Array(byteCount);
  for (let i = 0, state = byteCount; i < byteCount; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return { dtype, shape, data };
}

const CONTENTS: Record<string, Record<string, TensorData>> = {
  [SHARDS[0]]: { large: noise("F32", [3, 4097], 3 * 4097 * 4), ids: noise("I64", [6e5], 48e5) },
  [SHARDS[1]]: { half: noise("BF16", [4096], 8192), empty: f32([0], []), odd: noise("F16", [5], 10) },
};
/** Of all tensors of {@link madeFolder}. */
export const TENSOR_BYTES = 3 * 4097 * 4 + 48e5 + 8192 + 10;

export interface TensorFacts {
  name: string;
  shard: string;
  dtype: string;
  shape: readonly number[];
  hash: string;
}

const TENSORS: readonly TensorFacts[] = Object.entries(CONTENTS).flatMap(([shard, own]) =>
  Object.entries(own).map(([name, tensor]) => {
    return { name, shard, dtype: tensor.dtype, shape: tensor.shape, hash: referenceHash(tensor) };
  }),
);

export interface ManifestFacts {
  tensors: TensorFacts[];
  hashing: object;
  shards: object[];
  files: Record<string, unknown>;
}

export interface Made {
  readonly folder: string;
  /** Writes the manifest again after a change of it. */
  readonly changeManifest: (change: (manifest: ManifestFacts) => void) => void;
}

/** A folder like one that tiesmith has made, with a manifest written by the test. */
export function madeFolder(): Made {
  const folder = temporaryFolder();
  const shardFacts = Object.entries(CONTENTS).map(([name, own]) => {
    const path = join(folder, name);
    writeSafetensors(path, own, { metadata: { format: "pt" }, paddingBytes: 3 });
    const bytes = readFileSync(path);
    const header = bytes.subarray(0, 8 + Number(bytes.readBigUInt64LE()));
    return { name, byteSize: bytes.byteLength, headerSha256: sha256(header) };
  });
  writeJson(join(folder, "config.json"), { model_type: "llama" });
  writeFileSync(join(folder, "README.md"), "# merged\n");
  const files = Object.fromEntries(
    ["README.md", "config.json"].map((name) => [name, sha256(readFileSync(join(folder, name)))]),
  );
  const hashing = { algorithm: "XXH3-128", chunkElements: CHUNK_ELEMENTS };
  const manifest = { format: 1, tiesmith: "0.1.0", hashing, tensors: TENSORS, shards: shardFacts, files };
  writeManifest(folder, manifest);
  const changeManifest = (change: (manifest: ManifestFacts) => void) => {
    const changed = structuredClone(manifest) as unknown as ManifestFacts;
    change(changed);
    writeManifest(folder, changed);
  };
  return { folder, changeManifest };
}

/** The checksum as documented: of the file with zeros in its place. */
function writeManifest(folder: string, manifest: object): void {
  const zeros = "0".repeat(64);
  const text = `${JSON.stringify({ ...manifest, checksum: zeros }, null, 2)}\n`;
  const end = text.lastIndexOf(zeros);
  const checksum = sha256(Buffer.from(text));
  writeFileSync(join(folder, "tiesmith.json"), text.slice(0, end) + checksum + text.slice(end + 64));
}

/** Turns one bit of a file. */
export function flipBit(path: string, position: number): void {
  const byte = readFileSync(path)[position] as number;
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, Uint8Array.of(byte ^ 1), 0, 1, position);
  closeSync(descriptor);
}
