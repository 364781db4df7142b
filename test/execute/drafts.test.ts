/** Drafts give the bytes, cuts and counts of measuring first and combining then, and know when they are of no use. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { merge } from "tiesmith";
import { describe, expect, it } from "vitest";
import { DTYPE_BYTES, FLOAT_DTYPES, type FloatDtype } from "../../src/dtypes.ts";
import { byDrafts } from "../../src/execute/by-drafts.ts";
import { addCounts } from "../../src/execute/chunk-counts.ts";
import { runCombine } from "../../src/execute/combine-operations.ts";
import { runDraft, runFinish, runSettle } from "../../src/execute/draft-operations.ts";
import { isDraftable, isMergedByDrafts } from "../../src/execute/drafted-sweeps.ts";
import { LocalSweeps } from "../../src/execute/local-sweeps.ts";
import { measureScope } from "../../src/execute/measure.ts";
import { measuredForChunk } from "../../src/execute/native-job.ts";
import { OpenFiles } from "../../src/execute/open-files.ts";
import { sha256 } from "../../src/execute/partial-folder.ts";
import { runSample } from "../../src/execute/sample-operation.ts";
import type { Brackets } from "../../src/execute/sampling.ts";
import { chunksOf, type TensorWork } from "../../src/execute/tensor-work.ts";
import type { TiesArithmetic } from "../../src/methods/method.ts";
import { addon, type NativeDraft } from "../../src/native/addon.ts";
import { folderWith, temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { narrow } from "./float-formats.ts";
import { readManifestOf } from "./merged-models.ts";
import { RandomSource } from "./random-models.ts";

const CHUNK = 131_072;

const PLAIN: TiesArithmetic = {
  ...{ kind: "ties", weights: [1, 1], densities: [1, 0.2], lambda: 1, normalize: true, rescale: false },
  ...{ scope: "tensor", zeroSign: "plus", electionWeights: true, priority: null, slack: null },
};

interface Case {
  readonly name: string;
  readonly arithmetic: Partial<TiesArithmetic>;
  readonly dtype?: FloatDtype;
  readonly output?: FloatDtype;
  /** Task vectors are multiples of this: the coarser, the more magnitudes are equal. */
  readonly step?: number;
  readonly elementCount?: number;
}

/** A base and models near it, in files of their own, and a file for the output. */
function tensorOf(one: Case, seed: number): TensorWork {
  const { dtype = "BF16", output = dtype, step = 0, elementCount = 3 * CHUNK + 4099 } = one;
  const arithmetic: TiesArithmetic = { ...PLAIN, ...one.arithmetic };
  const random = new RandomSource(seed);
  const folder = temporaryFolder();
  const base = Float32Array.from({ length: elementCount }, () => (random.next() - 0.5) * 0.1);
  const write = (name: string, values: Float32Array) => {
    writeFileSync(join(folder, name), narrow(dtype, values));
    return { path: join(folder, name), byteOffset: 0, dtype };
  };
  const near = () =>
    base.map((value) => {
      const delta = (random.next() + random.next() - 1) * 0.02;
      return value + (step === 0 ? delta : Math.round(delta / step) * step);
    });
  writeFileSync(join(folder, "out"), Buffer.alloc(elementCount * DTYPE_BYTES[output]));
  return {
    ...{ name: "w", elementCount, chunkElements: CHUNK, base: write("base", base) },
    models: arithmetic.weights.map((_, i) => write(`model-${i}`, near())),
    arithmetic,
    output: { path: join(folder, "out"), byteOffset: 0, dtype: output, saturate: false, encoding: null },
  };
}

/** The output's bytes, what was measured, and the counts, by two passes or more. */
async function inPasses(tensor: TensorWork) {
  const files = new OpenFiles();
  const chunks = chunksOf(tensor);
  const measured = await measureScope(tensor.arithmetic as TiesArithmetic, new LocalSweeps(chunks, files));
  const results = await Promise.all(
    chunks.map((chunk, i) =>
      runCombine({ kind: "combine", chunk, measured: measuredForChunk(measured, i) }, files),
    ),
  );
  return told(tensor, measured, results);
}

function told(
  tensor: TensorWork,
  measured: unknown,
  results: readonly (Parameters<typeof addCounts>[0][number] & { hash: string })[],
) {
  const hashes = results.map(({ hash }) => hash);
  return { measured, hashes, counts: addCounts(results), bytes: readFileSync(tensor.output.path) };
}

/** The same by drafts; also how many elements these left undecided. */
async function drafted(tensor: TensorWork) {
  const files = new OpenFiles();
  const chunks = chunksOf(tensor);
  const brackets = runSample({ kind: "sample", tensors: [tensor] }, files);
  expect(isDraftable(tensor.arithmetic as TiesArithmetic, brackets, "merge")).toBe(true);
  let undecided = 0;
  const merged = await byDrafts(chunks, {
    draft: async (chunk) => runDraft({ kind: "draft", chunk, brackets }, files),
    settle: (drafts) => {
      undecided = drafts.reduce((sum, draft) => sum + draft.undecided, 0);
      return runSettle({ kind: "settle", chunks, drafts, brackets });
    },
    finish: (chunk, draft, measured) => runFinish({ kind: "finish", chunk, draft, measured }, files),
  });
  if (merged === null) throw new Error("the sample misled");
  return { ...told(tensor, merged.measured, merged.results), undecided };
}

const slack = (share: number, of: "retained" | "discarded" = "retained") => ({ share, of });
const CASES: Case[] = [
  { name: "ties", arithmetic: {} },
  { name: "ties, the first model trimmed", arithmetic: { densities: [0.3, 1] } },
  {
    name: "ties, both trimmed, sums, lambda",
    arithmetic: { densities: [0.6, 0.2], normalize: false, lambda: 1.5 },
  },
  { name: "ties, many equal magnitudes", arithmetic: {}, step: 0.0005 },
  { name: "ties, three models", arithmetic: { weights: [1, 1, 1], densities: [1, 0.4, 0.2] } },
  { name: "ties, four models", arithmetic: { weights: [1, 1, 1, 1], densities: [1, 0.4, 0.2, 0] } },
  { name: "ties, weights", arithmetic: { weights: [0.7, 1.3] } },
  { name: "ties, weights that do not vote", arithmetic: { weights: [0.7, 1.3], electionWeights: false } },
  { name: "ties, f16", arithmetic: {}, dtype: "F16" },
  { name: "ties, f32", arithmetic: {}, dtype: "F32" },
  { name: "ties, bf16 into f32", arithmetic: {}, output: "F32" },
  {
    name: "ties, a zero vote for the priority model",
    arithmetic: { zeroSign: "priority", priority: 1 },
    step: 0.001,
  },
  { name: "ties_sv", arithmetic: { priority: 1, slack: slack(0.04) } },
  { name: "ties_sv, the first model", arithmetic: { priority: 0, slack: slack(0.04) } },
  { name: "ties_sv, untrimmed", arithmetic: { densities: [1, 1], priority: 0, slack: slack(0.1) } },
  { name: "ties_sv of the discarded", arithmetic: { priority: 1, slack: slack(0.5, "discarded") } },
  { name: "ties_sv, nothing given", arithmetic: { priority: 1, slack: slack(0) } },
  { name: "ties_sv, all given", arithmetic: { priority: 1, slack: slack(1, "discarded") } },
  { name: "ties_sv, many equal sums", arithmetic: { priority: 1, slack: slack(0.04) }, step: 0.0005 },
  {
    name: "ties_sv, three models",
    arithmetic: { weights: [1, 1, 1], densities: [1, 1, 0.2], priority: 2, slack: slack(0.04) },
  },
  {
    name: "ties_sv, weights, f32",
    arithmetic: { weights: [1, 2], priority: 0, slack: slack(0.04) },
    dtype: "F32",
  },
];

describe("a drafted tensor has the bytes, hashes, cuts and counts of one that was measured first", () => {
  it.each(CASES)("$name", async (one) => {
    const tensor = tensorOf(one, 7);
    const expected = await inPasses(tensor);
    writeFileSync(tensor.output.path, Buffer.alloc(expected.bytes.length));
    const { undecided, ...found } = await drafted(tensor);
    expect(found.bytes.equals(expected.bytes)).toBe(true);
    expect({ ...found, bytes: null }).toEqual({ ...expected, bytes: null });
    expect(undecided).toBeLessThan(tensor.elementCount / 8);
    if (tensor.arithmetic.kind === "ties" && tensor.arithmetic.slack?.share !== 0)
      expect(undecided).toBeGreaterThan(0);
  });
});

describe("drafts", () => {
  it("are all gone after one failed, and those made later too", async () => {
    const tensor = tensorOf({ name: "", arithmetic: {} }, 13);
    const files = new OpenFiles();
    const brackets = runSample({ kind: "sample", tensors: [tensor] }, files);
    const made: NativeDraft[] = [];
    const drafting = byDrafts(chunksOf(tensor), {
      draft: async (chunk) => {
        if (chunk.index === 0) throw new Error("spoilt");
        await sleep(20 * chunk.index);
        const draft = runDraft({ kind: "draft", chunk, brackets }, files) as NativeDraft;
        made.push(draft);
        return draft;
      },
      settle: () => Promise.reject(new Error("not reached")),
      finish: () => Promise.reject(new Error("not reached")),
    });
    await expect(drafting).rejects.toThrow("spoilt");
    expect(made).toHaveLength(3);
    const window = { low: 0, high: 0x7fffffff, shift: 20 };
    for (const draft of made)
      expect(() => addon().tallyDraftTrim(draft, 1, window)).toThrow("a draft that is kept");
  });
});

describe("brackets", () => {
  const settled = async (spoil: (brackets: Brackets) => Brackets) => {
    const tensor = tensorOf({ name: "", arithmetic: { priority: 1, slack: slack(0.5, "discarded") } }, 11);
    const files = new OpenFiles();
    const chunks = chunksOf(tensor);
    const brackets = spoil(runSample({ kind: "sample", tensors: [tensor] }, files));
    const drafts = chunks.map((chunk) => runDraft({ kind: "draft", chunk, brackets }, files));
    const made = drafts.filter((draft) => draft !== null);
    const measured =
      made.length === chunks.length
        ? await runSettle({ kind: "settle", chunks, drafts: made, brackets })
        : "no draft";
    for (const { draft } of made) addon().dropDraft(draft);
    return measured;
  };
  const shifted = ({ low, high, shift }: { low: number; high: number; shift: number }, by: number) => ({
    low: low + by,
    high: high + by,
    shift,
  });
  const trimsBy = (by: number) => (brackets: Brackets) => ({
    ...brackets,
    trims: brackets.trims.map((trim) => trim && shifted(trim, by)),
  });

  it("that hold the cuts settle them", async () => {
    expect(await settled((brackets) => brackets)).not.toBeNull();
  });
  it("of a trim that lies above or below its cut are found out", async () => {
    expect(await settled(trimsBy(1 << 21))).toBeNull();
    expect(await settled(trimsBy(-(1 << 21)))).toBeNull();
  });
  it("of a slack that lies above or below its cut are found out", async () => {
    const slackBy = (by: number) => (brackets: Brackets) => ({
      ...brackets,
      slack: brackets.slack && shifted(brackets.slack, by),
    });
    expect(await settled(slackBy(1 << 22))).toBeNull();
    expect(await settled(slackBy(-(1 << 23)))).toBeNull();
  });
  it("that hold too much make no draft", async () => {
    const wide = { low: 1, high: 0x7effffff, shift: 15 };
    expect(await settled((brackets) => ({ ...brackets, trims: [null, wide] }))).toBe("no draft");
  });
});

describe("isDraftable", () => {
  const narrow = { low: 100, high: 200, shift: 0 };
  const brackets: Brackets = { trims: [null, narrow], slack: null, undecided: 0.01 };
  it.each<[string, Partial<TiesArithmetic>, Partial<Brackets>, boolean]>([
    ["ties with a narrow bracket", {}, {}, true],
    ["rescale, whose factors need all norms", { rescale: true }, {}, false],
    ["the majority sign, which needs all votes", { zeroSign: "majority" }, {}, false],
    ["nothing to measure", {}, { trims: [null, null] }, false],
    ["a bracket that holds zeros", {}, { trims: [null, { ...narrow, low: 0 }] }, false],
    ["wide brackets", {}, { undecided: 0.1 }, false],
    ["slack of which the sample knows nothing", { slack: slack(0.04) }, {}, false],
  ])("%s", (_, arithmetic, given, expected) => {
    expect(isDraftable({ ...PLAIN, ...arithmetic }, { ...brackets, ...given }, "merge")).toBe(expected);
  });
});

it("a merge drafts for losses, not for trims alone", () => {
  const bracket = { low: 100, high: 200, shift: 0 };
  const brackets: Brackets = { trims: [null, bracket], slack: bracket, undecided: 0.01 };
  expect(isMergedByDrafts(PLAIN, brackets)).toBe(false);
  expect(isMergedByDrafts({ ...PLAIN, priority: 1, slack: slack(0.04) }, brackets)).toBe(true);
});

describe("a whole merge of a tensor that is drafted", () => {
  it.each(FLOAT_DTYPES)("is that over the model's scope, which is not: %s", async (dtype) => {
    const random = new RandomSource(5);
    const values = Float32Array.from({ length: 300_007 }, () => (random.next() - 0.5) * 0.1);
    const model = (spread: number) => {
      const data = narrow(
        dtype,
        spread === 0 ? values : values.map((v) => v + (random.next() - 0.5) * spread),
      );
      return folderWith({ w: { dtype, shape: [300_007], data } });
    };
    const [base, ct, sft] = [model(0), model(0.02), model(0.01)];
    const mergedWith = async (scope: "tensor" | "model") => {
      const out = join(temporaryFolder(), "out");
      const models = [
        { model: ct, parameters: { weight: 1, density: 1 } },
        { model: sft, parameters: { weight: 1, density: 0.2 } },
      ];
      const parameters = { scope, slack: 0.04, priority: sft };
      await merge(
        { merge_method: "ties_sv", base_model: base, models, parameters },
        { out, threads: 2, chunkElements: CHUNK },
      );
      const [tensor] = readManifestOf(out).tensors;
      return {
        bytes: sha256(readFileSync(join(out, "model.safetensors"))),
        hash: tensor?.hash,
        // Cuts are recorded for each tensor, or for the whole model.
        models: tensor?.models.map(({ trim: _, ...counts }) => counts),
      };
    };
    expect(await mergedWith("tensor")).toEqual(await mergedWith("model"));
  });
});
