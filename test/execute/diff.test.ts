import { truncateSync } from "node:fs";
import { join } from "node:path";
import { type DiffOptions, diff, TiesmithError } from "tiesmith";
import { describe, expect, it } from "vitest";
import {
  f32,
  folderWith,
  type TensorData,
  temporaryFolder,
  writeSharded,
  zeros,
} from "../checkpoint/safetensors-builder.ts";
import { bf16, i64 } from "./tensor-builders.ts";

type Tensors = Record<string, TensorData>;

const diffOf = (a: Tensors, b: Tensors, options: DiffOptions = { threads: 1 }) =>
  diff(folderWith(a), folderWith(b), options);

async function only(a: TensorData, b: TensorData) {
  const { tensors } = await diffOf({ t: a }, { t: b });
  expect(tensors).toHaveLength(1);
  return tensors[0];
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

/** Threads that were started and have not ended. */
let liveThreads = 0;
process.on("worker", (worker) => {
  liveThreads += 1;
  worker.once("exit", () => {
    liveThreads -= 1;
  });
});

/** Sums as they are defined: per block of 4,096, 16 interleaved partial sums added pairwise, blocks in order. */
function sumOfSquares(values: Float32Array): number {
  let total = 0;
  for (let start = 0; start < values.length; start += 4096) {
    let lanes: number[] = new Array(16).fill(0);
    for (const [i, value] of values.subarray(start, start + 4096).entries())
      lanes[i % 16] = (lanes[i % 16] as number) + value * value;
    while (lanes.length > 1)
      lanes = lanes.flatMap((lane, i) => (i % 2 === 0 ? [lane + (lanes[i + 1] as number)] : []));
    total += lanes[0] as number;
  }
  return total;
}

describe("diff of two models", () => {
  it("lists every name of either, in byte order", async () => {
    const one = f32([1], [1]);
    const { tensors, totals, identical } = await diffOf(
      { é: one, b: one, Z: one },
      { "😀": one, "\ufb00": one, b: one },
    );
    expect(tensors.map(({ name, status }) => [name, status])).toEqual([
      ["Z", "onlyA"],
      ["b", "identical"],
      ["é", "onlyA"],
      ["\ufb00", "onlyB"],
      ["😀", "onlyB"],
    ]);
    expect(tensors[3]).toMatchObject({
      dtypeA: null,
      shapeA: null,
      dtypeB: "F32",
      shapeB: [1],
      elementCount: 1,
    });
    expect(totals).toMatchObject({ tensorCount: 5, identical: 1, equal: 0, differing: 4, parameters: 1 });
    expect(identical).toBe(false);
  });

  it("adds up over tensors as over one", async () => {
    const report = await diffOf(
      { a: f32([2], [3, 0]), b: f32([2], [4, 1]), c: i64([1n]), d: i64([1n]) },
      { a: f32([2], [3, 2]), b: bf16([2], [4, 1]), c: i64([2n]), d: i64([1n]) },
    );
    expect(report.totals).toEqual({
      tensorCount: 4,
      identical: 1,
      equal: 1,
      differing: 2,
      parameters: 5,
      differingParameters: 1,
      maxAbsolute: 2,
      relativeL2: 2 / Math.sqrt(26),
      signAgreement: 4 / 5,
    });
    expect(report.bytes).toBe(4 * 8 - 4 + 4 * 8);
  });

  it("calls models identical whatever their files and the order in them", async () => {
    const [a, b] = [f32([1], [1]), f32([2], [2, 3])];
    const sharded = temporaryFolder();
    writeSharded(sharded, { "x.safetensors": { b }, "y.safetensors": { a } });
    const report = await diff(folderWith({ a, b }), sharded, { threads: 2 });
    expect(report).toMatchObject({ identical: true, b: sharded, totals: { identical: 2, differing: 0 } });
  });

  it("gives the same numbers for every thread count, and sums blocks in index order", async () => {
    const count = (1 << 21) + 4096 * 3 + 5;
    const a = Float32Array.from({ length: count }, (_, i) => Math.sin(i) * 10 ** ((i >> 12) % 5));
    const b = a.map((x, i) => (i % 3 === 0 ? x : x + Math.cos(i)));
    const tensor = (values: Float32Array) => ({
      dtype: "F32",
      shape: [count],
      data: new Uint8Array(values.buffer),
    });
    const small = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`s${i}`, f32([1], [i])]));
    const folders = [folderWith({ ...small, t: tensor(a) }), folderWith({ ...small, t: tensor(b) })] as const;
    const [one, two, three] = await Promise.all([1, 2, 3].map((threads) => diff(...folders, { threads })));
    const difference = one?.tensors.at(-1);
    expect(difference?.relativeL2).toBe(
      Math.sqrt(sumOfSquares(a.map((x, i) => x - (b[i] as number))) / sumOfSquares(a)),
    );
    expect(difference?.differing).toBe(a.filter((x, i) => x !== b[i]).length);
    expect([two?.tensors, three?.tensors]).toEqual([one?.tensors, one?.tensors]);
    expect([two?.totals, three?.totals]).toEqual([one?.totals, one?.totals]);
    expect(one?.totals.identical).toBe(300);
  });

  it("finds one element that differs at either end of a chunk", async () => {
    const count = (1 << 20) + 1;
    const at = async (index: number) => {
      const values = new Float32Array(count);
      values[index] = 1;
      const changed = { dtype: "F32", shape: [count], data: new Uint8Array(values.buffer) };
      return (await only(zeros("F32", [count], count * 4), changed))?.differing;
    };
    expect([await at(0), await at(count - 2), await at(count - 1)]).toEqual([1, 1, 1]);
  });

  it("tells its progress, up to the last byte and tensor", async () => {
    const seen: { doneBytes: number; totalBytes: number; doneTensors: number; totalTensors: number }[] = [];
    const tensors = { a: f32([3], [1, 2, 3]), none: f32([0], []) };
    await diffOf(tensors, tensors, { threads: 1, onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ doneBytes: 24, totalBytes: 24, doneTensors: 2, totalTensors: 2 });
  });
});

describe("diff refuses", () => {
  const one = { t: f32([1], [1]) };

  it("models that are not there, both named", async () => {
    const error = await refusalOf(diff("no/such/a", "no/such/b"));
    expect(error).toMatchObject({ code: "MODEL_NOT_FOUND" });
    expect(error.message).toContain("no/such/a");
    expect(error.message).toContain("no/such/b");
  });

  it("a truncated shard", async () => {
    const folder = folderWith(one);
    truncateSync(join(folder, "model.safetensors"), 60);
    expect((await refusalOf(diff(folderWith(one), folder))).code).toBe("CHECKPOINT_INVALID");
  });

  it("unknown options and thread counts out of range", async () => {
    for (const options of [{ threads: 0 }, { threads: 1.5 }, { threads: 5000 }, { thread: 1 }])
      expect((await refusalOf(diffOf(one, one, options as DiffOptions))).code).toBe("USAGE");
  });

  it("to start after an abort, and stops at one, leaving no thread", async () => {
    const aborted = AbortSignal.abort();
    expect((await refusalOf(diffOf(one, one, { signal: aborted }))).code).toBe("INTERRUPTED");
    const count = 1 << 23;
    const large = { t: zeros("BF16", [count], count * 2), u: zeros("BF16", [count], count * 2) };
    const controller = new AbortController();
    let threadsSeen = 0;
    const onProgress = () => {
      threadsSeen = Math.max(threadsSeen, liveThreads);
      controller.abort();
    };
    const error = await refusalOf(
      diffOf(large, large, { threads: 1, signal: controller.signal, onProgress }),
    );
    expect(error.code).toBe("INTERRUPTED");
    expect([threadsSeen > 0, liveThreads]).toEqual([true, 0]);
  });

  it("nothing silently: what onProgress throws is thrown on", async () => {
    const thrown = new Error("from the caller");
    const onProgress = () => {
      throw thrown;
    };
    await expect(diffOf(one, one, { threads: 1, onProgress })).rejects.toBe(thrown);
    expect(liveThreads).toBe(0);
  });
});
