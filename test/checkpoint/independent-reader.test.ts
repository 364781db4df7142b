import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import safetensors from "safetensors";
import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { readShardFile } from "../../src/checkpoint/header.ts";

const golden = join(import.meta.dirname, "..", "golden");
const files = readdirSync(golden, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".safetensors"),
);

/** The same file without `__metadata__`, which the package takes for a tensor and fails on. */
function withoutMetadata(file: Buffer): Uint8Array {
  const headerEnd = 8 + Number(file.readBigUInt64LE());
  const { __metadata__: _, ...tensors } = JSON.parse(file.toString("utf8", 8, headerEnd));
  const header = Buffer.from(JSON.stringify(tensors));
  const lengthField = Buffer.alloc(8);
  lengthField.writeBigUInt64LE(BigInt(header.byteLength));
  // Copied, since the package reads from the start of the underlying buffer.
  return new Uint8Array(Buffer.concat([lengthField, header, file.subarray(headerEnd)]));
}

describe("the npm package safetensors reads the same from", () => {
  it.each(files)("%s", (name) => {
    const path = join(golden, name);
    const file = readFileSync(path);
    const other = new safetensors.SafeTensor(withoutMetadata(file));
    const { tensors } = readShardFile(path);
    expect(tensors.map((tensor) => tensor.name).sort()).toEqual([...other.metadata.keys()].sort());
    for (const { name: tensorName, dtype, shape, byteOffset, byteLength } of tensors) {
      expect(other.metadata.get(tensorName)).toMatchObject({ dtype, shape });
      const bytes = file.subarray(byteOffset, byteOffset + byteLength);
      expect(Buffer.compare(bytes, other.getTensor(tensorName))).toBe(0);
    }
  });
});

it("a sharded golden model has the tensors of both its shards", () => {
  const { tensors, shards, config } = readCheckpoint(join(golden, "mergekit", "ct-a"));
  expect(shards).toHaveLength(2);
  expect(tensors.size).toBe(shards.reduce((sum, shard) => sum + shard.tensors.length, 0));
  expect(tensors.get("lm_head.weight")?.shardIndex).toBe(1);
  expect(config).toMatchObject({
    layerCount: 2,
    vocabSize: 96,
    modelType: "llama",
    tieWordEmbeddings: false,
  });
});
