/** Checks the shards of an output against its manifest, as far as their sizes and headers tell. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { readShardFile, type ShardFile, type TensorEntry } from "../checkpoint/header.ts";
import { systemError } from "../checkpoint/system-error.ts";
import type { Dtype } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import { fileDigests } from "./file-digests.ts";
import { defaultThreads } from "./pool.ts";
import type { HashManifest } from "./read-manifest.ts";
import type { PoolOptions } from "./with-pool.ts";

/** Something in the folder that is not what the manifest says. */
export interface VerifyFailure {
  /**
   * `missing`: a file or a tensor is not there; `unexpected`: a tensor or a file of weights that the manifest does
   * not know; `shard`: another size, or another SHA-256; `header`: another header, or none; `tensor`, `file`: other bytes.
   */
  readonly what: "missing" | "unexpected" | "shard" | "header" | "tensor" | "file";
  /** Of the tensor for `tensor`, otherwise of the file or tensor that `expected` or `found` describes. */
  readonly name: string;
  /** Null where nothing should be there. */
  readonly expected: string | null;
  /** Null where nothing is there. */
  readonly found: string | null;
}

type ManifestTensor = HashManifest["tensors"][number];

/** A tensor whose place is known, so that its bytes can be hashed. */
export interface TensorToHash extends Pick<TensorEntry, "name" | "dtype" | "byteOffset" | "byteLength"> {
  readonly path: string;
  /** Bytes that are hashed at a time, where they are not those of the manifest's chunks in the tensor's dtype. */
  readonly chunkBytes?: number;
  readonly expectedHash: string;
}

/** Reads the headers of all shards; tensors come in the order in which they lie in the files. */
export function checkShards(
  folder: string,
  manifest: HashManifest,
): { tensors: TensorToHash[]; failures: VerifyFailure[] } {
  const tensors: TensorToHash[] = [];
  const failures: VerifyFailure[] = [];
  for (const shard of manifest.shards) {
    const file = readShard(join(folder, shard.name), shard, failures);
    if (file === null) continue;
    const own = manifest.tensors.filter((tensor) => tensor.shard === shard.name);
    tensors.push(...matchTensors(file, own, shard.name, failures));
  }
  return { tensors, failures };
}

/**
 * Checks the SHA-256 of those shards for which the manifest tells one; what is missing or cut short is told already.
 * @param ownName of the only shard, where it is not the manifest's: a file may be renamed
 */
export async function checkShardDigests(
  folder: string,
  { shards }: HashManifest,
  { threads = defaultThreads(), signal }: PoolOptions,
  ownName?: string,
): Promise<VerifyFailure[]> {
  const pathOf = (name: string) => join(folder, ownName ?? name);
  const told = shards.filter(({ name, byteSize, sha256 }) => {
    return sha256 !== undefined && fileSize(pathOf(name)) === byteSize;
  });
  const paths = told.map(({ name }) => pathOf(name));
  const found = await fileDigests(paths, { threads, signal });
  return told.flatMap(({ name, sha256 = null }, i): VerifyFailure[] => {
    return sha256 === found[i] ? [] : [{ what: "shard", name, expected: sha256, found: found[i] as string }];
  });
}

/** The shard's header, or null with the reason among the failures. */
function readShard(
  path: string,
  expected: HashManifest["shards"][number],
  failures: VerifyFailure[],
): ShardFile | null {
  const { name, byteSize, headerSha256 } = expected;
  const foundSize = fileSize(path);
  if (foundSize === null) {
    failures.push({ what: "missing", name, expected: bytes(byteSize), found: null });
    return null;
  }
  const fits = foundSize === byteSize;
  if (!fits) failures.push({ what: "shard", name, expected: bytes(byteSize), found: bytes(foundSize) });
  const header = { what: "header", name, expected: headerSha256 } as const;
  try {
    const file = readShardFile(path);
    if (file.headerHash !== headerSha256) failures.push({ ...header, found: file.headerHash });
    return file;
  } catch (error) {
    if (!(error instanceof TiesmithError) || !/^(CHECKPOINT|DTYPE)_/.test(error.code)) throw error;
    // A file of another size cannot fit its header: one failure is enough.
    if (fits) failures.push({ ...header, found: error.message });
    return null;
  }
}

function matchTensors(
  file: ShardFile,
  own: readonly ManifestTensor[],
  shard: string,
  failures: VerifyFailure[],
): TensorToHash[] {
  const expected = new Map(own.map((tensor) => [tensor.name, tensor]));
  const tensors: TensorToHash[] = [];
  for (const entry of file.tensors) {
    const wanted = expected.get(entry.name);
    expected.delete(entry.name);
    const { name } = entry;
    const found = `${describe(entry)} in ${shard}`;
    if (wanted === undefined) failures.push({ what: "unexpected", name, expected: null, found });
    else if (describe(wanted) === describe(entry))
      tensors.push({ ...entry, path: file.path, expectedHash: wanted.hash });
    else failures.push({ what: "tensor", name, expected: `${describe(wanted)} in ${shard}`, found });
  }
  for (const [name, tensor] of expected)
    failures.push({ what: "missing", name, expected: `${describe(tensor)} in ${shard}`, found: null });
  return tensors;
}

function describe({ dtype, shape }: { dtype: Dtype; shape: readonly number[] }): string {
  return `${dtype} [${shape.join(", ")}]`;
}

/** Null if nothing is there. */
export function fileSize(path: string): number | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? null;
  } catch (error) {
    throw systemError(error, path, "a shard");
  }
}

function bytes(count: number): string {
  return `${count} bytes`;
}
