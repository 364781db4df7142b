/** What a merge reads from the disk does not stay in the page cache, unless it is to. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { CutCache, type MergeOptions, merge } from "tiesmith";
import { describe, expect, it } from "vitest";
import { folderWith, temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { noise } from "./made-folder.ts";

const ELEMENTS = 3 << 20;

/** 12 MB of F16, no number of which is infinite. */
function model(): string {
  const tensor = (name: string) => [name, noise("F16", [ELEMENTS], 2 * ELEMENTS)] as const;
  const tensors = Object.fromEntries(["a", "b"].map(tensor));
  for (const { data } of Object.values(tensors))
    for (let i = 1; i < data.length; i += 2) data[i] = (data[i] as number) & 0xbb;
  return folderWith(tensors);
}

const fileOf = (folder: string) => join(folder, "model.safetensors");

function leaveCache(folder: string): void {
  execFileSync("sync", [fileOf(folder)]);
  execFileSync("dd", [`if=${fileOf(folder)}`, "iflag=nocache", "count=0", "status=none"]);
}

/** By util-linux. */
function cachedBytes(folder: string): number {
  return Number(execFileSync("fincore", ["--noheadings", "--bytes", "--output", "RES", fileOf(folder)]));
}

/** Why it cannot be seen here what is in the page cache; null where it can. */
function whyUnseen(): string | null {
  for (const program of ["fincore", "sync", "dd"])
    if (spawnSync(program, ["--version"]).status !== 0) return `there is no ${program} here`;
  const folder = model();
  leaveCache(folder);
  if (cachedBytes(folder) > 0) return "files of this temporary folder cannot leave the page cache";
  return null;
}

describe("the page cache", () => {
  /** A merge of two models that were not in the page cache, and of one that was. */
  async function merged(options: Partial<MergeOptions>) {
    const [base, cold, warm] = [model(), model(), model()];
    for (const folder of [base, cold]) leaveCache(folder);
    const before = cachedBytes(warm);
    const models = [cold, warm].map((path) => ({ model: path, parameters: { weight: 1, density: 0.5 } }));
    await merge(
      { merge_method: "ties", base_model: base, models },
      { threads: 2, ...options, out: join(temporaryFolder(), "out") },
    );
    expect(before).toBeGreaterThan(4 * ELEMENTS);
    expect(cachedBytes(warm)).toBe(before);
    return [base, cold].map(cachedBytes);
  }

  it("is left as it was found", async ({ skip }) => {
    const unseen = whyUnseen();
    skip(unseen !== null, unseen ?? "");
    expect(await merged({})).toEqual([0, 0]);
    expect(await merged({ threads: 1, chunkElements: 1 << 18 })).toEqual([0, 0]);
    expect(await merged({ keepCached: false, cuts: new CutCache() })).toEqual([0, 0]);
  });

  it("keeps the inputs where they are read again", async ({ skip }) => {
    const unseen = whyUnseen();
    skip(unseen !== null, unseen ?? "");
    for (const options of [{ keepCached: true }, { cuts: new CutCache() }])
      for (const bytes of await merged(options)) expect(bytes).toBeGreaterThan(4 * ELEMENTS);
  });
});

it("a merge refuses anything else for keepCached", async () => {
  const options = { out: join(temporaryFolder(), "out"), keepCached: "yes" as unknown as boolean };
  await expect(merge({ merge_method: "linear", models: [] }, options)).rejects.toThrow(
    "Expected true or false for keepCached, but received yes",
  );
});
