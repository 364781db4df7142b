/** Inputs that shrink, vanish, are replaced or cannot be read, in the middle of a merge. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { diff, type MergeProgress, merge, TiesmithError, verify } from "tiesmith";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { f32, temporaryFolder, zeros } from "../checkpoint/safetensors-builder.ts";
import { folderFacts } from "../execute/merged-folder.ts";
import { writeModel } from "../execute/merged-models.ts";
import { traces } from "../execute/process-traces.ts";
import { CT_SHARDS, FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";
import { inFullFileSystem, whyNoFullFileSystem } from "./full-file-system.ts";

let folder = "";
let out = "";
const shard = (index: 0 | 1) => join(folder, "ct", CT_SHARDS[index]);
const aside = (path: string) => join(folder, "aside", basename(path));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder, 2);
  mkdirSync(join(folder, "aside"));
  for (const index of [0, 1] as const) copyFileSync(shard(index), aside(shard(index)));
  out = join(folder, "out");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  for (const path of [out, `${out}.partial`]) rmSync(path, { recursive: true, force: true });
  for (const index of [0, 1] as const) copyFileSync(aside(shard(index)), shard(index));
});

type Moment = (progress: MergeProgress) => boolean;
const atFirst: Moment = ({ doneTensors }) => doneTensors > 0;
const inTheMiddle: Moment = ({ doneTensors, totalTensors }) => doneTensors > totalTensors / 2;

/** Merges, and does something to the inputs once, at a moment of the merge. */
async function spoiled(spoil: () => void, moment: Moment, scope: "tensor" | "model" = "tensor") {
  let happened = false;
  const onProgress = (progress: MergeProgress) => {
    if (happened || !moment(progress)) return;
    happened = true;
    spoil();
  };
  const options = { ...FAULT_OPTIONS, out, onProgress };
  const error = await merge(faultRecipe(folder, scope), options).catch((thrown: unknown) => thrown);
  expect(happened).toBe(true);
  return error;
}

async function expectInputChanged(error: unknown, path: string, what: RegExp): Promise<void> {
  expect(error).toBeInstanceOf(TiesmithError);
  const { code, message, details } = error as TiesmithError;
  expect({ code, message }).toEqual({ code: "INPUT_CHANGED", message: expect.stringMatching(what) });
  expect(message).toContain(path);
  expect(message).toMatch(/--restart|--resume/);
  expect(message).not.toContain("\n");
  expect(details).toMatchObject({ path });
  expect([existsSync(out), existsSync(`${out}.partial`)]).toEqual([false, true]);
}

describe("an input is cut short", () => {
  it.each([
    ["tensor", "while it is read", 0, atFirst],
    ["tensor", "before it is opened", 1, atFirst],
    ["model", "while it is measured", 0, ({ phase }: MergeProgress) => phase === "measure"],
    ["model", "between the passes over it", 1, ({ phase }: MergeProgress) => phase === "combine"],
  ] as const)(
    "in scope %s %s: the merge ends and names it; with the file back it succeeds",
    async (...how) => {
      const [scope, , index, moment] = how;
      const path = shard(index);
      const error = await spoiled(() => truncateSync(path, 4096), moment, scope);
      await expectInputChanged(error, path, /shrank to 4096 bytes while it was read/);
      copyFileSync(aside(path), path);
      await merge(faultRecipe(folder, scope), { ...FAULT_OPTIONS, out, restart: true });
      expect(await verify(out)).toMatchObject({ ok: true });
    },
  );

  it("by less than a page, which reads as zeros: the merge ends before OUT appears", async () => {
    const path = shard(0);
    const error = await spoiled(() => truncateSync(path, statSync(path).size - 100), inTheMiddle);
    await expectInputChanged(error, path, /shrank|changed during the merge/);
  });

  it("and leaves no mapping, descriptor or thread", async () => {
    await spoiled(() => truncateSync(shard(0), 4096), atFirst);
    const before = traces();
    rmSync(`${out}.partial`, { recursive: true });
    copyFileSync(aside(shard(0)), shard(0));
    await spoiled(() => truncateSync(shard(0), 4096), atFirst);
    expect(traces()).toEqual(before);
    expect(before.mapped).toEqual([]);
  });
});

describe("an input is removed", () => {
  it("before it is opened: the merge ends and names it", async () => {
    const error = await spoiled(() => {
      expect(traces().mapped).not.toContain(shard(1));
      rmSync(shard(1));
    }, atFirst);
    await expectInputChanged(error, shard(1), /was removed during the run/);
  });

  it("while it is mapped: the merge ends before OUT appears", async () => {
    const error = await spoiled(() => rmSync(shard(0)), inTheMiddle);
    await expectInputChanged(error, shard(0), /changed during the merge/);
  });
});

describe("an input is replaced by another file of its size", () => {
  it.each([
    ["before it is opened", 1],
    ["while it is mapped", 0],
  ] as const)("%s: the merge ends before OUT appears", async (_, index) => {
    const path = shard(index);
    const other = join(dirname(path), "other");
    copyFileSync(path, other);
    const error = await spoiled(() => {
      expect(traces().mapped.includes(path)).toBe(index === 0);
      renameSync(other, path);
    }, atFirst);
    await expectInputChanged(error, path, /changed during the merge/);
  });
});

describe.skipIf(whyNoFullFileSystem !== null)("an input cannot be read, though it keeps its size", () => {
  it("the merge ends and names it; when it can be read again, --resume goes on", async () => {
    const mounted = join(folder, "mounted");
    mkdirSync(mounted);
    const script = join(import.meta.dirname, "unreadable-input.mjs");
    const task = { recipe: faultRecipe(folder), options: { ...FAULT_OPTIONS, out }, mounted };
    const child = inFullFileSystem(mounted, 16 << 20, [script, JSON.stringify(task)]);
    expect({ status: child.status, signal: child.signal, stderr: child.stderr }).toMatchObject({ status: 0 });
    const { error, resumedTensors } = JSON.parse(child.stdout);
    expect(error).toMatchObject({
      code: "INPUT_CHANGED",
      message: expect.stringMatching(/could not read them.*--resume/),
      details: { path: join(mounted, "model.safetensors") },
    });
    expect(resumedTensors).toBeGreaterThanOrEqual(0);
    expect(await verify(out)).toMatchObject({ ok: true });
    expect(Object.keys(folderFacts(out)).length).toBeGreaterThan(5);
  });
});

describe("a file is cut short while it is read by", () => {
  /** Empty tensors, which come first, are told before any other is read. */
  function twoModels(): [string, string] {
    const root = temporaryFolder();
    const tensors = { "a.empty": f32([0], []), b: zeros("F32", [1 << 18], 1 << 20) };
    const models = ["m0", "m1"].map((name) => join(root, name)) as [string, string];
    for (const model of models) writeModel(model, tensors);
    return models;
  }

  it("diff", async () => {
    const [a, b] = twoModels();
    const path = join(b, "model.safetensors");
    const comparing = diff(a, b, { threads: 2, onProgress: () => truncateSync(path, 4096) });
    await expect(comparing).rejects.toMatchObject({
      code: "INPUT_CHANGED",
      message: expect.stringContaining(path),
    });
  });

  it("verify", async () => {
    const models = twoModels();
    const merged = join(dirname(models[0]), "merged");
    const weighted = models.map((model) => ({ model, parameters: { weight: 1 } }));
    await merge({ merge_method: "linear", models: weighted }, { out: merged, threads: 1 });
    const path = join(merged, "model.safetensors");
    const verifying = verify(merged, { threads: 2, onProgress: () => truncateSync(path, 4096) });
    await expect(verifying).rejects.toMatchObject({
      code: "INPUT_CHANGED",
      message: expect.stringContaining(path),
    });
  });
});
