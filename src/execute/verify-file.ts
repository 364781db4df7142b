/** Checks a GGUF file against its manifest, as far as its size and what stands beside tensors tell. */
import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { systemError } from "../checkpoint/system-error.ts";
import { storedBytes } from "../gguf/layout.ts";
import { sha256 } from "./partial-folder.ts";
import type { FileManifest } from "./read-manifest.ts";
import { fileSize, type TensorToHash, type VerifyFailure } from "./verify-shards.ts";

/** Tensors come in the order in which they lie in the file; the manifest tells where. */
export function checkFile(
  path: string,
  manifest: FileManifest,
): { tensors: TensorToHash[]; failures: VerifyFailure[] } {
  const name = basename(path);
  const shard = manifest.shards[0] as FileManifest["shards"][number];
  const foundSize = fileSize(path) ?? 0;
  const told = manifest.tensors
    .map(({ name: tensor, dtype, hash, gguf }): TensorToHash => {
      const { byteOffset, byteLength, chunkElements, type } = gguf;
      const chunkBytes = storedBytes(type, chunkElements);
      return { name: tensor, dtype, byteOffset, byteLength, path, expectedHash: hash, chunkBytes };
    })
    .sort((a, b) => a.byteOffset - b.byteOffset);
  if (foundSize !== shard.byteSize) {
    // What it holds cannot be where the manifest says.
    const failure = {
      what: "shard",
      name,
      expected: bytes(shard.byteSize),
      found: bytes(foundSize),
    } as const;
    return { tensors: [], failures: [failure] };
  }
  const outside = told.find(({ byteOffset, byteLength }) => byteOffset + byteLength > foundSize);
  if (outside !== undefined) {
    const end = bytes(outside.byteOffset + outside.byteLength);
    return {
      tensors: [],
      failures: [{ what: "tensor", name: outside.name, expected: end, found: bytes(foundSize) }],
    };
  }
  const header = { byteOffset: 0, byteLength: told[0]?.byteOffset ?? 0, sha256: shard.headerSha256 };
  const known = [header, ...(shard.constants ?? [])];
  const failures = known.flatMap(({ byteOffset, byteLength, sha256: expected }): VerifyFailure[] => {
    const found = sha256(readRange(path, byteOffset, Math.min(byteLength, foundSize)));
    return found === expected ? [] : [{ what: "header", name, expected, found }];
  });
  return { tensors: told, failures };
}

/** Headers of real files have some megabytes: the vocabulary. */
function readRange(path: string, byteOffset: number, byteCount: number): Uint8Array {
  const range = new Uint8Array(byteCount);
  try {
    const descriptor = openSync(path, "r");
    try {
      for (let done = 0; done < byteCount; ) {
        const count = readSync(descriptor, range, done, byteCount - done, byteOffset + done);
        if (count === 0) break;
        done += count;
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw systemError(error, path, "a GGUF file");
  }
  return range;
}

function bytes(count: number): string {
  return `${count} bytes`;
}
