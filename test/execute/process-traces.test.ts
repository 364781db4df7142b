/** A merge leaves nothing in the process: no thread, no descriptor, no mapping. Several may run at once. */
import { join } from "node:path";
import { merge, verify } from "tiesmith";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { folderFacts } from "./merged-folder.ts";
import { traces } from "./process-traces.ts";

const RECIPE = join(import.meta.dirname, "..", "golden", "exact", "expected", "ties-sv-bf16", "recipe.yaml");
const BROKEN = join(import.meta.dirname, "..", "golden", "mergekit", "expected", "slerp", "recipe.yaml");

describe.runIf(process.platform === "linux")("after a merge the process is as before", () => {
  it("whether it succeeds, is refused, or is interrupted", async () => {
    const folder = temporaryFolder();
    // The first one starts what stays: the addon, and the threads that libuv shares.
    await merge(RECIPE, { out: join(folder, "first"), threads: 2 });
    const before = traces();
    expect(before.mapped).toEqual([]);
    await merge(RECIPE, { out: join(folder, "second"), threads: 3 });
    expect(traces()).toEqual(before);
    await expect(merge(BROKEN, { out: join(folder, "none") })).rejects.toThrow();
    const abort = new AbortController();
    const merging = merge(RECIPE, {
      out: join(folder, "cut"),
      threads: 2,
      chunkElements: 4096,
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(merging).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(traces()).toEqual(before);
  });
});

describe("two merges at once", () => {
  it("into different folders do not disturb each other", async () => {
    const folder = temporaryFolder();
    const outs = ["a", "b", "c"].map((name) => join(folder, name, "out"));
    await Promise.all(outs.map((out) => merge(RECIPE, { out, threads: 2, chunkElements: 4096 })));
    const [first, ...others] = outs.map(folderFacts);
    for (const other of others) expect(other).toEqual(first);
  });

  it("into the same folder: one is refused, the other completes", async () => {
    const out = join(temporaryFolder(), "out");
    const settled = await Promise.allSettled([1, 2].map(() => merge(RECIPE, { out, threads: 1 })));
    const refused = settled.filter(({ status }) => status === "rejected");
    expect(refused).toMatchObject([{ reason: { code: expect.stringMatching(/^OUTPUT_(BUSY|EXISTS)$/) } }]);
    expect(await verify(out)).toMatchObject({ ok: true });
  });
});
