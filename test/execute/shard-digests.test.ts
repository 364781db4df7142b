/** `sha256`: digests of whole shards, as model hubs show them, in the manifest and checked by `verify`. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { type MergeOptions, merge, verify } from "tiesmith";
import { describe, expect, it } from "vitest";
import { fileDigests } from "../../src/execute/file-digests.ts";
import { f32, folderWith, temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { readManifestOf } from "./merged-models.ts";

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

async function merged(options: Partial<MergeOptions>): Promise<string> {
  const model = (value: number) =>
    folderWith(
      Object.fromEntries(["a", "b", "c"].map((name) => [name, f32([4096], new Array(4096).fill(value))])),
    );
  const models = [1, 2].map((weight) => ({ model: model(weight), parameters: { weight } }));
  const out = join(temporaryFolder(), "out");
  await merge({ merge_method: "linear", models }, { threads: 2, maxShardBytes: 16384, ...options, out });
  return out;
}

describe("the digests of shards", () => {
  it("stand in the manifest where they were asked for", async () => {
    const out = await merged({ sha256: true });
    const { shards } = readManifestOf(out);
    expect(shards).toHaveLength(3);
    for (const { name, sha256: digest } of shards) expect(digest).toBe(sha256(join(out, name)));
    expect(await verify(out)).toMatchObject({ ok: true, failures: [], notes: [] });
    const plain = readManifestOf(await merged({}));
    for (const shard of plain.shards) expect(shard).not.toHaveProperty("sha256");
  });

  it("are checked by verify, once for each shard that is there in its size", async () => {
    const out = await merged({ sha256: true });
    const [first, second, third] = readManifestOf(out).shards.map(({ name }) => join(out, name)) as [
      string,
      string,
      string,
    ];
    rmSync(first);
    truncateSync(second, statSync(second).size - 1);
    const before = sha256(third);
    const bytes = readFileSync(third);
    truncateSync(third, bytes.byteLength - 4);
    truncateSync(third, bytes.byteLength);
    const { failures } = await verify(out);
    expect(failures.map(({ what }) => what).sort()).toEqual(["missing", "shard", "shard", "tensor"]);
    expect(failures).toContainEqual({
      what: "shard",
      name: readdirSync(out).filter((name) => name.endsWith(".safetensors"))[1],
      expected: before,
      found: sha256(third),
    });
  });
});

describe("fileDigests", () => {
  it("gives the digests in order, whatever the number of threads", async () => {
    const folder = folderWith({ a: f32([4096], new Array(4096).fill(1)) });
    const [name] = readdirSync(folder) as [string];
    const paths = [join(folder, name), import.meta.filename, join(folder, name)];
    for (const threads of [1, 2, 8]) expect(await fileDigests(paths, { threads })).toEqual(paths.map(sha256));
    expect(await fileDigests([], { threads: 2 })).toEqual([]);
  });

  it("fails for a file that cannot be read, and when it is aborted", async () => {
    const missing = fileDigests([import.meta.filename, "/no/such/file"], { threads: 2 });
    await expect(missing).rejects.toMatchObject({
      code: "IO_FAILED",
      message: expect.stringContaining("/no/such"),
    });
    const aborted = fileDigests([import.meta.filename], { threads: 1, signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
