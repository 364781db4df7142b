/** Options and outputs that are refused, through `merge`: a typed error that names the culprit, and no output. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { merge } from "tiesmith";
import { describe, expect, it } from "vitest";
import { entry, header, writeRawSafetensors } from "../checkpoint/safetensors-builder.ts";
import { runMergeChild } from "./merge-process.ts";
import { type Expected, expectRefused, workspace } from "./refused-merges.ts";

describe("options are refused:", () => {
  const cases: [what: string, options: object, culprit: RegExp][] = [
    ["unknown", { treads: 2 }, /treads/],
    ["no threads", { threads: 0 }, /threads.*0/],
    ["half a thread", { threads: 1.5 }, /threads.*1\.5/],
    ["a chunk that is no multiple of a block", { chunkElements: 5000 }, /multiple of 4096.*5000/],
    ["no room in a shard", { maxShardBytes: 0 }, /maxShardBytes.*0/],
    ["resume and restart", { resume: true, restart: true }, /--resume or --restart/],
  ];
  it.each(cases)("%s", async (_, options, culprit) => {
    await expectRefused(workspace(), ["USAGE", culprit], options);
  });

  it("no output folder", async () => {
    const recipe = join(workspace(), "recipe.yaml");
    await expect(merge(recipe, { out: "" })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("an output is refused:", () => {
  it("a folder that exists, which stays as it is", async () => {
    const folder = workspace();
    const out = join(folder, "out");
    mkdirSync(out);
    writeFileSync(join(out, "mine.txt"), "mine");
    await expectRefused(folder, ["OUTPUT_EXISTS", /out not to exist.*--overwrite/]);
    await expectRefused(folder, ["OUTPUT_UNSAFE", /tiesmith\.json/], { overwrite: true });
    expect(readFileSync(join(out, "mine.txt"), "utf8")).toBe("mine");
  });

  it("inside an input", async () => {
    const folder = workspace();
    await expectRefused(folder, ["OUTPUT_UNSAFE", /lies in .*sft/], {
      out: join(folder, "sft", "new", "out"),
    });
    expect(existsSync(join(folder, "sft", "new"))).toBe(false);
  });

  it("inside an input by way of a link", async () => {
    const folder = workspace();
    symlinkSync(join(folder, "ct"), join(folder, "link"));
    await expectRefused(folder, ["OUTPUT_UNSAFE", /lies in .*ct/], { out: join(folder, "link", "out") });
  });

  it("overwriting a folder that holds an input", async () => {
    const folder = workspace();
    writeFileSync(join(folder, "tiesmith.json"), "{}");
    const [code, culprit]: Expected = ["OUTPUT_UNSAFE", /holds .*base/];
    await expectRefused(folder, [code, culprit], { out: folder, overwrite: true });
    expect(existsSync(join(folder, "base", "model.safetensors"))).toBe(true);
  });

  it("without room on the disk", async () => {
    const folder = workspace();
    const { bavail, bsize } = statfsSync(folder);
    const elementCount = Math.ceil((2 * bavail * bsize) / 4 / 4096) * 4096;
    // The files have the length, but no blocks.
    for (const model of ["base", "ct", "sft"]) {
      const path = join(folder, model, "model.safetensors");
      const text = header({ w: entry(0, 4 * elementCount, [elementCount], "F32") });
      writeRawSafetensors(path, text);
      truncateSync(path, 8 + text.length + 4 * elementCount);
    }
    await expectRefused(folder, ["DISK_FULL", /bytes of room in .* but found \d+/]);
  });

  it("where the system forbids to write", () => {
    const folder = workspace();
    chmodSync(folder, 0o755);
    const recipe = join(folder, "recipe.yaml");
    const options = { out: join(folder, "locked", "out"), threads: 1 };
    mkdirSync(join(folder, "locked"), { mode: 0o555 });
    const { answer } = runMergeChild({ merges: [{ recipe, options }], asNobody: true });
    expect(answer.error).toMatchObject({ code: "NO_PERMISSION", message: expect.stringContaining("locked") });
    expect(existsSync(join(folder, "locked", "out.partial"))).toBe(false);
  });

  it("where the system forbids to read an input", () => {
    const folder = workspace();
    chmodSync(folder, 0o777);
    chmodSync(join(folder, "sft", "model.safetensors"), 0o000);
    const recipe = join(folder, "recipe.yaml");
    const options = { out: join(folder, "out"), threads: 1 };
    const { answer } = runMergeChild({ merges: [{ recipe, options }], asNobody: true });
    expect(answer.error).toMatchObject({
      code: "NO_PERMISSION",
      message: expect.stringContaining(join("sft", "model.safetensors")),
    });
    expect([existsSync(options.out), existsSync(`${options.out}.partial`)]).toEqual([false, false]);
  });
});
