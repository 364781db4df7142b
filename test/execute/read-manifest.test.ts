import { truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/execute/read-manifest.ts";
import { f32, folderWith, refusal } from "../checkpoint/safetensors-builder.ts";
import { type ManifestFacts, madeFolder, type TensorFacts } from "./made-folder.ts";

describe("readManifest", () => {
  it("gives what hashes can be checked against", () => {
    const { folder } = madeFolder();
    const { tensors, shards, files, hashing } = readManifest(folder);
    expect(tensors.map(({ name }) => name)).toEqual(["large", "ids", "half", "empty", "odd"]);
    expect(shards).toHaveLength(2);
    expect(Object.keys(files)).toEqual(["README.md", "config.json"]);
    expect(hashing.chunkElements).toBe(4096);
  });
});

describe("readManifest refuses", () => {
  it("a folder without a manifest, saying what it needs", () => {
    const error = refusal(() => readManifest(folderWith({ a: f32([1], [1]) })));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toContain("verify needs a folder that tiesmith made");
  });

  it("a manifest of another format, naming the version that wrote it", () => {
    const { folder, changeManifest } = madeFolder();
    changeManifest((manifest) => Object.assign(manifest, { format: 2, tiesmith: "9.9.9" }));
    const error = refusal(() => readManifest(folder));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toMatch(/format 1 .* format 2; .*"9\.9\.9"/);
  });

  const damages: Record<string, (manifest: ManifestFacts) => void> = {
    "a format that is no number": (manifest) => Object.assign(manifest, { format: "1" }),
    "no hashing": (manifest) => Object.assign(manifest, { hashing: undefined }),
    "an unknown algorithm": (manifest) => Object.assign(manifest.hashing, { algorithm: "MD5" }),
    "a chunk of no elements": (manifest) => Object.assign(manifest.hashing, { chunkElements: 0 }),
    "tensors that are no list": (manifest) => Object.assign(manifest, { tensors: {} }),
    "a tensor that is null": (manifest) => manifest.tensors.push(null as unknown as TensorFacts),
    "an unknown dtype": (manifest) => Object.assign(manifest.tensors[0] as object, { dtype: "toString" }),
    "a negative shape": (manifest) => Object.assign(manifest.tensors[0] as object, { shape: [-1] }),
    "a short hash": (manifest) => Object.assign(manifest.tensors[0] as object, { hash: "ab" }),
    "a tensor in no shard": (manifest) =>
      Object.assign(manifest.tensors[0] as object, { shard: "gone.safetensors" }),
    "a shard outside": (manifest) =>
      Object.assign(manifest.shards[0] as object, { name: "../x.safetensors" }),
    "a size that is no number": (manifest) => Object.assign(manifest.shards[0] as object, { byteSize: "1" }),
    "a file outside": (manifest) => Object.assign(manifest.files, { "../x": manifest.files["README.md"] }),
    "a file without a hash": (manifest) => Object.assign(manifest.files, { "README.md": null }),
  };
  it.each(Object.keys(damages))("a manifest with %s", (what) => {
    const { folder, changeManifest } = madeFolder();
    changeManifest(damages[what] as (manifest: ManifestFacts) => void);
    const error = refusal(() => readManifest(folder));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toContain(join(folder, "tiesmith.json"));
  });

  it("a manifest that is no JSON", () => {
    const { folder } = madeFolder();
    truncateSync(join(folder, "tiesmith.json"), 20);
    expect(refusal(() => readManifest(folder)).code).toBe("CHECKPOINT_INVALID");
  });
});
