import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { merge, TiesmithError, type VerifyOptions, verify } from "tiesmith";
import { describe, expect, it } from "vitest";
import {
  f32,
  folderWith,
  temporaryFolder,
  writeJson,
  writeSafetensors,
} from "../checkpoint/safetensors-builder.ts";
import { flipBit, madeFolder, noise, SHARDS, TENSOR_BYTES } from "./made-folder.ts";

const check = (folder: string, options: VerifyOptions = { threads: 1 }) => verify(folder, options);

async function failuresIn(folder: string) {
  const report = await check(folder);
  expect(report.ok).toBe(report.failures.length === 0);
  return report.failures;
}

async function refusalOf(run: Promise<unknown>): Promise<TiesmithError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TiesmithError)) throw new Error(`expected a refusal, but got ${String(error)}`);
  expect(error.message).not.toContain("\n");
  return error;
}

describe("verify of an untouched folder", () => {
  it("agrees with hashes by another implementation", async () => {
    const { folder } = madeFolder();
    const report = await check(folder);
    expect(report).toMatchObject({ folder, ok: true, failures: [], notes: [], tensorCount: 5, fileCount: 4 });
    const fileBytes = ["README.md", "config.json"].map((name) => statSync(join(folder, name)).size);
    expect(report.bytes).toBe(TENSOR_BYTES + fileBytes.reduce((a, b) => a + b));
  });

  it("says the same for every thread count", async () => {
    const { folder } = madeFolder();
    flipBit(join(folder, SHARDS[0]), statSync(join(folder, SHARDS[0])).size - 1);
    flipBit(join(folder, SHARDS[1]), statSync(join(folder, SHARDS[1])).size - 1);
    const [one, three] = await Promise.all([check(folder), check(folder, { threads: 3 })]);
    expect(one.failures.map(({ name }) => name)).toEqual(["ids", "odd"]);
    expect(three.failures).toEqual(one.failures);
  });

  it("accepts what merge has made, copied buffers included", async () => {
    const model = (value: number) =>
      folderWith({
        w: f32([9000], new Array(9000).fill(value)),
        "ids.long": noise("I64", [6e5], 48e5),
        none: f32([0], []),
      });
    const out = join(temporaryFolder(), "out");
    const models = [1, 2].map((weight) => ({ model: model(weight), parameters: { weight } }));
    await merge(
      { merge_method: "linear", models, dtype: "bfloat16" },
      { out, threads: 1, chunkElements: 8192 },
    );
    const report = await check(out);
    expect(report).toMatchObject({ ok: true, failures: [], notes: [], tensorCount: 3 });
    flipBit(join(out, "README.md"), 0);
    expect(await failuresIn(out)).toMatchObject([{ what: "file", name: "README.md" }]);
  });

  it("tells its progress, up to the last byte and tensor", async () => {
    const seen: { doneBytes: number; totalBytes: number; doneTensors: number; totalTensors: number }[] = [];
    await check(madeFolder().folder, { threads: 2, onProgress: (progress) => seen.push(progress) });
    const total = TENSOR_BYTES;
    expect(seen.at(-1)).toMatchObject({
      doneBytes: total,
      totalBytes: total,
      doneTensors: 5,
      totalTensors: 5,
    });
  });
});

describe("verify finds", () => {
  it("one turned bit, in whichever chunk of a tensor", async () => {
    const { folder } = madeFolder();
    const path = join(folder, SHARDS[0]);
    const start = 8 + Number(readFileSync(path).readBigUInt64LE());
    for (const offset of [0, 4096 * 4 - 1, 4096 * 4, 3 * 4097 * 4 - 1]) {
      flipBit(path, start + offset);
      const failures = await failuresIn(folder);
      expect(failures).toMatchObject([{ what: "tensor", name: "large" }]);
      expect(failures[0]?.found).toMatch(/^[0-9a-f]{32}$/);
      expect(failures[0]?.found).not.toBe(failures[0]?.expected);
      flipBit(path, start + offset);
    }
    expect(await failuresIn(folder)).toEqual([]);
  });

  it("a truncated shard, and goes on with the others", async () => {
    const { folder } = madeFolder();
    const path = join(folder, SHARDS[0]);
    const { size } = statSync(path);
    truncateSync(path, size - 1);
    flipBit(join(folder, SHARDS[1]), statSync(join(folder, SHARDS[1])).size - 1);
    expect(await failuresIn(folder)).toMatchObject([
      { what: "shard", name: SHARDS[0], expected: `${size} bytes`, found: `${size - 1} bytes` },
      { what: "tensor", name: "odd" },
    ]);
    truncateSync(path, 0);
    expect(await failuresIn(folder)).toMatchObject([{ what: "shard", found: "0 bytes" }, { what: "tensor" }]);
  });

  it("a missing shard", async () => {
    const { folder } = madeFolder();
    rmSync(join(folder, SHARDS[1]));
    const report = await check(folder);
    expect(report).toMatchObject({ ok: false, tensorCount: 2 });
    expect(report.failures).toMatchObject([{ what: "missing", name: SHARDS[1], found: null }]);
  });

  it("a header that was changed, even in its padding", async () => {
    const { folder } = madeFolder();
    const path = join(folder, SHARDS[1]);
    const end = 8 + Number(readFileSync(path).readBigUInt64LE());
    const descriptor = openSync(path, "r+");
    writeSync(descriptor, "\n", end - 1);
    closeSync(descriptor);
    expect(await failuresIn(folder)).toMatchObject([{ what: "header", name: SHARDS[1] }]);
  });

  it("a header that is none any more", async () => {
    const { folder } = madeFolder();
    flipBit(join(folder, SHARDS[1]), 8);
    const failures = await failuresIn(folder);
    expect(failures).toMatchObject([{ what: "header", name: SHARDS[1] }]);
    expect(failures[0]?.found).toContain("Expected a header");
  });

  it("tensors that were added, removed or retyped", async () => {
    const { folder, changeManifest } = madeFolder();
    changeManifest((manifest) => {
      const [large, ids, half] = manifest.tensors;
      Object.assign(large as object, { dtype: "I32" });
      Object.assign(ids as object, { name: "other" });
      Object.assign(half as object, { shape: [2, 2048] });
    });
    expect(await failuresIn(folder)).toEqual([
      {
        what: "tensor",
        name: "large",
        expected: `I32 [3, 4097] in ${SHARDS[0]}`,
        found: `F32 [3, 4097] in ${SHARDS[0]}`,
      },
      { what: "unexpected", name: "ids", expected: null, found: `I64 [600000] in ${SHARDS[0]}` },
      { what: "missing", name: "other", expected: `I64 [600000] in ${SHARDS[0]}`, found: null },
      {
        what: "tensor",
        name: "half",
        expected: `BF16 [2, 2048] in ${SHARDS[1]}`,
        found: `BF16 [4096] in ${SHARDS[1]}`,
      },
    ]);
  });

  it("other files that were changed, removed or replaced by a folder", async () => {
    const { folder } = madeFolder();
    flipBit(join(folder, "README.md"), 0);
    rmSync(join(folder, "config.json"));
    expect(await failuresIn(folder)).toMatchObject([
      { what: "file", name: "README.md" },
      { what: "missing", name: "config.json", found: null },
    ]);
    mkdirSync(join(folder, "config.json"));
    expect((await failuresIn(folder))[1]).toMatchObject({ what: "file", name: "config.json" });
  });

  it("strangers: weights are a failure, other files a note", async () => {
    const { folder } = madeFolder();
    writeFileSync(join(folder, "notes.txt"), "");
    writeSafetensors(join(folder, "extra.safetensors"), { large: f32([1], [1]) });
    writeJson(join(folder, "model.safetensors.index.json"), {});
    const { failures, notes } = await check(folder);
    expect(failures).toMatchObject([
      { what: "unexpected", name: "extra.safetensors", expected: null },
      { what: "unexpected", name: "model.safetensors.index.json", expected: null },
    ]);
    expect(notes).toEqual(["unexpected file: notes.txt (not in the manifest)"]);
  });

  it("two shards that were swapped", async () => {
    const { folder } = madeFolder();
    const [first, second] = SHARDS.map((name) => join(folder, name)) as [string, string];
    renameSync(first, `${first}.away`);
    renameSync(second, first);
    renameSync(`${first}.away`, second);
    const whats = (await failuresIn(folder)).map(({ what, name }) => `${what} ${name}`);
    for (const shard of SHARDS)
      expect(whats).toEqual(expect.arrayContaining([`shard ${shard}`, `header ${shard}`]));
    expect(whats).toEqual(expect.arrayContaining(["unexpected half", "missing large"]));
  });
});

describe("verify refuses", () => {
  it("a folder that is not there, or a file", async () => {
    expect((await refusalOf(check("no/such/folder"))).code).toBe("MODEL_NOT_FOUND");
    const { folder } = madeFolder();
    expect((await refusalOf(check(join(folder, SHARDS[0])))).code).toBe("MODEL_NOT_FOUND");
    expect((await refusalOf(check(""))).code).toBe("USAGE");
  });

  it("a folder without a manifest", async () => {
    const folder = folderWith({ a: f32([1], [1]) });
    expect((await refusalOf(check(folder))).code).toBe("CHECKPOINT_INVALID");
  });

  it("unknown options and thread counts out of range", async () => {
    const { folder } = madeFolder();
    for (const options of [{ threads: 0 }, { threads: Number.NaN }, { thread: 1 }])
      expect((await refusalOf(check(folder, options as VerifyOptions))).code).toBe("USAGE");
  });

  it("to start after an abort, and stops at one", async () => {
    const { folder } = madeFolder();
    expect((await refusalOf(check(folder, { signal: AbortSignal.abort() }))).code).toBe("INTERRUPTED");
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const error = await refusalOf(check(folder, { threads: 1, signal: controller.signal, onProgress }));
    expect(error.code).toBe("INTERRUPTED");
  });
});
