/** `verify`: recomputes every hash that an output's manifest tells. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileManifestOf, MANIFEST_NAME } from "../checkpoint/output-names.ts";
import { INDEX_FILE } from "../checkpoint/shard-index.ts";
import { isAbsent, systemError } from "../checkpoint/system-error.ts";
import { notAFolder } from "../checkpoint/weight-files.ts";
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";
import { hashFile } from "./hash-file.ts";
import { hashedRanges } from "./hash-grid.ts";
import { manifestChecksums } from "./manifest-text.ts";
import type { HashOperation } from "./operations.ts";
import { type HashManifest, readFileManifest, readManifest } from "./read-manifest.ts";
import { type Piece, ReadMeter, sweepPieces } from "./sweep-pieces.ts";
import { checkFile } from "./verify-file.ts";
import { checkShardDigests, checkShards, type TensorToHash, type VerifyFailure } from "./verify-shards.ts";
import { checkReadOptions, type ReadOptions, throwIfInterrupted, withPool } from "./with-pool.ts";

export type VerifyOptions = ReadOptions;

export interface VerifyReport {
  /** The folder or file, absolute. */
  readonly folder: string;
  /** Whether there is no failure. */
  readonly ok: boolean;
  /** Tensors whose bytes were hashed. */
  readonly tensorCount: number;
  /** Shards and other files that the manifest lists. */
  readonly fileCount: number;
  /** Bytes that were hashed, headers not counted. */
  readonly bytes: number;
  readonly seconds: number;
  /** The manifest itself, shards, tensors in file order, then other files; the same at every run. */
  readonly failures: readonly VerifyFailure[];
  /** Files that the manifest does not know and no loader takes for weights. */
  readonly notes: readonly string[];
}

const DIGEST_BYTES = 16;

/**
 * Recomputes the hashes of an output's tensors, headers and files, and compares them with its manifest. Damage
 * is told in `failures` and throws nothing; the recipe is not run again. Reads every byte once.
 *
 * @param path a folder, or a GGUF file, that `merge` made
 * @throws {TiesmithError} `MODEL_NOT_FOUND` if there is no folder; `CHECKPOINT_INVALID` if it has no manifest that
 *   can be read; `INPUT_CHANGED`; `INTERRUPTED`; `NO_PERMISSION`; `IO_FAILED`; `WORKER_FAILED`; `USAGE`
 * @example
 * const { ok, failures } = await verify("merged");
 */
export async function verify(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  checkReadOptions(options);
  if (typeof path !== "string" || path === "")
    throw new TiesmithError(
      "USAGE",
      `Expected the path of a folder or file to verify, but received ${String(path)}`,
    );
  const root = resolve(path);
  return isGgufFile(root) ? verifyFile(root, options) : verifyFolder(root, options);
}

/** Any other file than one with a manifest beside it is refused as no folder. */
function isGgufFile(path: string): boolean {
  const isFile = (name: string) => statSync(name, { throwIfNoEntry: false })?.isFile() === true;
  try {
    return isFile(path) && isFile(fileManifestOf(path));
  } catch (error) {
    throw systemError(error, path, "a folder or file that tiesmith made", "MODEL_NOT_FOUND");
  }
}

async function verifyFile(path: string, options: VerifyOptions): Promise<VerifyReport> {
  const started = performance.now();
  const manifest = readFileManifest(path);
  const { tensors, failures: ownFailures } = checkFile(path, manifest);
  const tensorFailures = await checkTensors(tensors, manifest.hashing.chunkElements, options);
  const digestFailures = await checkShardDigests(dirname(path), manifest, options, basename(path));
  const failures = [
    ...checkManifestItself(fileManifestOf(path)),
    ...ownFailures,
    ...digestFailures,
    ...tensorFailures,
  ];
  return {
    folder: path,
    ok: failures.length === 0,
    tensorCount: tensors.length,
    fileCount: 1,
    bytes: totalBytes(tensors),
    seconds: (performance.now() - started) / 1000,
    failures,
    notes: [],
  };
}

async function verifyFolder(root: string, options: VerifyOptions): Promise<VerifyReport> {
  const started = performance.now();
  const names = listFolder(root);
  const manifest = readManifest(root);
  const shards = checkShards(root, manifest);
  const tensorFailures = await checkTensors(shards.tensors, manifest.hashing.chunkElements, options);
  const digestFailures = await checkShardDigests(root, manifest, options);
  const files = await checkFiles(root, manifest, options.signal);
  const strangers = unknownFiles(names, manifest);
  const failures = [
    ...checkManifestItself(join(root, MANIFEST_NAME)),
    ...shards.failures,
    ...digestFailures,
    ...tensorFailures,
    ...files.failures,
    ...strangers.failures,
  ];
  return {
    folder: root,
    ok: failures.length === 0,
    tensorCount: shards.tensors.length,
    fileCount: manifest.shards.length + Object.keys(manifest.files).length,
    bytes: totalBytes(shards.tensors) + files.bytes,
    seconds: (performance.now() - started) / 1000,
    failures,
    notes: strangers.notes,
  };
}

/** What a manifest tells of the recipe and the run has no other hash than the manifest's own. */
function checkManifestItself(path: string): VerifyFailure[] {
  const { told, found } = manifestChecksums(readFileSync(path));
  if (told === found) return [];
  return [{ what: "file", name: basename(path), expected: told ?? "a checksum as its last entry", found }];
}

async function checkTensors(
  tensors: readonly TensorToHash[],
  chunkElements: number,
  options: ReadOptions,
): Promise<VerifyFailure[]> {
  const meter = new ReadMeter({ bytes: totalBytes(tensors), tensors: tensors.length }, options.onProgress);
  const hashes = new Map<TensorToHash, string>();
  const finish = (tensor: TensorToHash, digests: Uint8Array) =>
    hashes.set(tensor, addon().hashBytes(digests));
  await withPool(options, (pool) => sweepPieces(piecesOf(tensors, chunkElements, meter, finish), pool));
  return tensors.flatMap((tensor): VerifyFailure[] => {
    const { name, expectedHash } = tensor;
    const found = hashes.get(tensor) as string;
    return found === expectedHash ? [] : [{ what: "tensor", name, expected: expectedHash, found }];
  });
}

/** A tensor's hash is that of its chunks' digests one after the other; chunks may be answered in any order. */
function* piecesOf(
  tensors: readonly TensorToHash[],
  chunkElements: number,
  meter: ReadMeter,
  finish: (tensor: TensorToHash, digests: Uint8Array) => void,
): Generator<Piece<HashOperation>> {
  for (const tensor of tensors) {
    const ranges = [...hashedRanges(tensor, chunkElements, tensor.chunkBytes)];
    const digests = Buffer.alloc(ranges.length * DIGEST_BYTES);
    let left = ranges.length;
    if (left === 0) {
      finish(tensor, digests);
      meter.advance(0, 1);
    }
    for (const [i, { byteOffset, byteCount }] of ranges.entries()) {
      const range = { path: tensor.path, byteOffset: tensor.byteOffset + byteOffset, byteCount };
      const answered = ([digest]: string[]) => {
        digests.write(digest as string, i * DIGEST_BYTES, "hex");
        left -= 1;
        if (left === 0) finish(tensor, digests);
        meter.advance(byteCount, left === 0 ? 1 : 0);
      };
      yield { reads: [range], operations: [{ kind: "hash", range }], answered };
    }
  }
}

async function checkFiles(
  root: string,
  { files }: HashManifest,
  signal: AbortSignal | undefined,
): Promise<{ failures: VerifyFailure[]; bytes: number }> {
  const failures: VerifyFailure[] = [];
  let bytes = 0;
  for (const [name, expected] of Object.entries(files)) {
    throwIfInterrupted(signal);
    const path = join(root, name);
    try {
      const facts = statSync(path);
      // Reading a folder fails, and reading a named pipe would wait for its writer.
      const found = facts.isFile() ? await hashFile(path) : "something that is not a file";
      bytes += facts.isFile() ? facts.size : 0;
      if (found !== expected) failures.push({ what: "file", name, expected, found });
    } catch (error) {
      if (!isAbsent(error)) throw systemError(error, path, "a file");
      failures.push({ what: "missing", name, expected, found: null });
    }
  }
  return { failures, bytes };
}

/** Loaders take any `*.safetensors` for weights, or follow an index: such a stranger changes the model. */
function unknownFiles(
  names: readonly string[],
  { shards, files }: HashManifest,
): { failures: VerifyFailure[]; notes: string[] } {
  const known = new Set([MANIFEST_NAME, ...shards.map(({ name }) => name), ...Object.keys(files)]);
  const unknown = names.filter((name) => !known.has(name)).sort();
  const isWeights = (name: string) => name.endsWith(".safetensors") || name === INDEX_FILE;
  const failures = unknown.filter(isWeights).map((name): VerifyFailure => {
    return { what: "unexpected", name, expected: null, found: "weights that the manifest does not know" };
  });
  const notes = unknown
    .filter((name) => !isWeights(name))
    .map((name) => `unexpected file: ${name} (not in the manifest)`);
  return { failures, notes };
}

function totalBytes(tensors: readonly TensorToHash[]): number {
  return tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function listFolder(root: string): string[] {
  try {
    if (!statSync(root).isDirectory()) throw notAFolder(root);
    return readdirSync(root);
  } catch (error) {
    throw systemError(error, root, "a folder that tiesmith made", "MODEL_NOT_FOUND");
  }
}
