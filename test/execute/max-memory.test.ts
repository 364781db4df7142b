/** A merge under a bound on its memory: stays below it, and writes what it writes without. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { merge, plan, type RecipeInput } from "tiesmith";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { type ChildAnswer, type ChildTask, MERGE_CHILD } from "./merge-process.ts";
import { readManifestOf, writeModel } from "./merged-models.ts";

const BOUND = 135e6;

/** Three models of 50 MB: five tensors of five million elements each, which are two chunks. */
function models(): string {
  const folder = temporaryFolder();
  const pattern = Buffer.alloc(1 << 20);
  let state = 1;
  for (let at = 0; at < pattern.length; at += 2) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pattern.writeUInt16LE(((state >>> 16) & 0x8000) | (0x3c00 + ((state >>> 12) & 0x3ff)), at);
  }
  for (const [i, name] of ["base", "ct", "sft"].entries()) {
    const tensors = ["a", "b", "c", "d", "e"].map((tensor, t) => {
      // The models differ by where the pattern begins.
      const data = Buffer.alloc(10_000_000);
      for (let at = 0; at < data.length; at += pattern.length)
        pattern.copy(data, at, 2 * (i * 1001 + t * 77));
      return [tensor, { dtype: "BF16", shape: [5_000_000], data }];
    });
    writeModel(join(folder, name), Object.fromEntries(tensors));
  }
  return folder;
}

function recipeOver(folder: string): RecipeInput {
  return {
    merge_method: "ties_sv",
    base_model: join(folder, "base"),
    models: ["ct", "sft"].map((name, i) => ({
      model: join(folder, name),
      parameters: { weight: 1, density: [0.6, 0.2][i] as number },
    })),
    parameters: { priority: join(folder, "sft") },
  };
}

/** Merges in a child, and watches its anonymous memory. */
async function watchedMerge(task: ChildTask): Promise<{ answer: ChildAnswer; peakBytes: number }> {
  const child = spawn(process.execPath, [MERGE_CHILD, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  let peakBytes = 0;
  child.stdout.on("data", (piece) => {
    text += piece;
  });
  const sampler = setInterval(() => {
    const status = `/proc/${child.pid}/status`;
    const [, kilobytes = "0"] =
      /RssAnon:\s+(\d+)/.exec(existsSync(status) ? readFileSync(status, "utf8") : "") ?? [];
    peakBytes = Math.max(peakBytes, Number(kilobytes) * 1024);
  }, 5);
  await new Promise((resolve) => child.once("close", resolve));
  clearInterval(sampler);
  return { answer: JSON.parse(text), peakBytes };
}

const weightsOf = (out: string) =>
  createHash("sha256")
    .update(readFileSync(join(out, "model.safetensors")))
    .digest("hex");

describe("--max-memory", () => {
  it.runIf(process.platform === "linux")(
    "holds for a process of eight threads, and changes nothing that is written",
    { timeout: 120_000 },
    async () => {
      const folder = models();
      const recipe = recipeOver(folder);
      const [bounded, free] = [join(folder, "bounded"), join(folder, "free")];
      const options = { out: bounded, threads: 8, maxMemoryBytes: BOUND };
      const { answer, peakBytes } = await watchedMerge({ merges: [{ recipe, options }] });
      expect(answer.error).toBeUndefined();
      expect(answer.results?.[0]?.threads).toBe(1);
      // Below that nothing was watched.
      expect(peakBytes).toBeGreaterThan(30e6);
      expect(peakBytes).toBeLessThan(BOUND);
      await merge(recipe, { out: free, threads: 3 });
      expect(weightsOf(bounded)).toBe(weightsOf(free));
      const told = (out: string) => {
        const { run: _, checksum: __, files: ___, ...manifest } = readManifestOf(out);
        return manifest;
      };
      expect(told(bounded)).toEqual(told(free));
    },
  );

  it("is told in a plan, and refused with the least figure where it is too low", async () => {
    const folder = temporaryFolder();
    const tensor = { dtype: "BF16", shape: [8], data: new Uint8Array(16) };
    for (const name of ["base", "ct", "sft"]) writeModel(join(folder, name), { a: tensor });
    const recipe = recipeOver(folder);
    const free = plan(recipe, { threads: 8 });
    const bounded = plan(recipe, { threads: 8, maxMemoryBytes: BOUND });
    expect(free).toMatchObject({ threads: 8, chunksPerThread: 2 });
    expect(bounded).toMatchObject({ threads: 1, problems: [] });
    expect(bounded.peakMemoryBytes).toBeLessThanOrEqual(BOUND);
    expect(free.peakMemoryBytes).toBeGreaterThan(BOUND);
    const tooLow = { maxMemoryBytes: 10e6, threads: 8 };
    const message = expect.stringMatching(/at least \d+ MB .* 10000000 bytes for --max-memory/);
    expect(plan(recipe, tooLow).problems).toMatchObject([{ code: "USAGE", message }]);
    const out = join(folder, "out");
    await expect(merge(recipe, { out, ...tooLow })).rejects.toMatchObject({ code: "USAGE", message });
    expect(existsSync(`${out}.partial`)).toBe(false);
  });
});
