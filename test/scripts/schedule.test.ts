/** The simulated schedule: the engine's own code on a pool that only lets time pass. */
import { Piscina } from "piscina";
import { describe, expect, it } from "vitest";
import * as mergeTensors from "../../src/execute/merge-tensors.ts";
import type { Operation } from "../../src/execute/operations.ts";
import { OrderedQueue } from "../../src/execute/task-order.ts";
import type { TensorWork } from "../../src/execute/tensor-work.ts";
import { chunksPerThreadOf } from "../../src/memory-budget.ts";

const { simulate } = await import(new URL("../../scripts/bench/schedule.mjs", import.meta.url).href);

const engine = { ...mergeTensors, OrderedQueue, Piscina, chunksPerThreadOf };
const CHUNK = 1 << 20;
/** The cost of nothing but operations. */
const FREE = { main: 0, worker: 0 };

interface Simulated {
  readonly milliseconds: number;
  readonly efficiency: number;
  readonly mainShare: number;
  readonly batchCount: number;
}
type Time = { busy: number; waited?: number; undecided?: number };

const TIES = {
  ...{ kind: "ties", weights: [1, 1], densities: [1, 0.2], lambda: 1, normalize: true, rescale: false },
  ...{ zeroSign: "priority", electionWeights: true, priority: 1, slack: { share: 0.04, of: "retained" } },
} as const;
const LINEAR = { kind: "linear", weights: [1, 1], normalize: false } as const;

function tensor(name: string, chunkCount: number, arithmetic: object): TensorWork {
  const source = { path: `/${name}`, byteOffset: 0, dtype: "BF16" };
  return {
    ...{ name, elementCount: chunkCount * CHUNK, chunkElements: CHUNK, arithmetic },
    ...{ base: source, models: [source, source], output: { ...source, saturate: false } },
  } as unknown as TensorWork;
}

function run(
  works: readonly TensorWork[],
  threads: number,
  times: Partial<Record<Operation["kind"], Time>>,
  { costs = FREE, isModelScope = false }: { costs?: typeof FREE; isModelScope?: boolean } = {},
): Promise<Simulated> {
  const timesOf = ({ kind }: Operation) => ({ waited: 0, undecided: 0, ...(times[kind] ?? { busy: 0 }) });
  return simulate(engine, { works, isModelScope, threads }, timesOf, costs);
}

const linear = (count: number, chunks = 1) =>
  Array.from({ length: count }, (_, i) => tensor(`t${i}`, chunks, LINEAR));

describe("a simulated merge", () => {
  it("takes one worker as long as all operations together", async () => {
    const { milliseconds, efficiency, batchCount } = await run(linear(12), 1, { whole: { busy: 5 } });
    expect({ milliseconds, efficiency }).toEqual({ milliseconds: 60, efficiency: 1 });
    expect(batchCount).toBe(12); // each is merged, and others are read ahead, by one batch
  });

  it("is shared evenly by workers, and not faster for more of them than there are chunks", async () => {
    const times = { combine: { busy: 6 } };
    for (const [workers, expected] of [
      [1, 96],
      [2, 48],
      [5, 24],
      [16, 6],
      [64, 6],
    ] as const)
      expect((await run(linear(1, 16), workers, times)).milliseconds).toBe(expected);
  });

  it("goes on with three other tasks while one waits for its write, and with no more", async () => {
    const { milliseconds } = await run(linear(8), 1, { whole: { busy: 1, waited: 100 } });
    // Four at once, twice; read-ahead takes a place of the four now and then.
    expect(milliseconds).toBeGreaterThanOrEqual(2 * 100 + 2);
    expect(milliseconds).toBeLessThan(4 * 100);
  });

  it("cannot be faster than the main thread hands out batches", async () => {
    const costs = { main: 2, worker: 0 };
    const { milliseconds, mainShare, batchCount } = await run(
      linear(1, 64),
      64,
      { combine: { busy: 3 } },
      { costs },
    );
    expect(milliseconds).toBeGreaterThanOrEqual(2 * batchCount);
    expect(mainShare).toBeGreaterThan(0.95);
    expect(mainShare).toBeLessThanOrEqual(1);
  });

  it("keeps the order of a drafted tensor: sample, drafts, settle, finishes", async () => {
    const times = {
      ...{ readAhead: { busy: 1 }, sample: { busy: 10 }, draft: { busy: 100 } },
      ...{ settle: { busy: 1000 }, finish: { busy: 10_000 } },
    };
    expect((await run([tensor("t", 4, TIES)], 8, times)).milliseconds).toBe(11_111);
  });

  it.each([
    ["its brackets leave too much undecided", 4, 0.5],
    ["its drafts would take more than half of the room", 17, 0],
  ])("measures a tensor first where %s", async (_, chunks, undecided) => {
    const times = {
      ...{ sample: { busy: 10, undecided }, trim: { busy: 100 }, slack: { busy: 1000 } },
      ...{ combine: { busy: 10_000 }, draft: { busy: 1e9 } },
    };
    const threads = 8;
    const rounds = Math.ceil(chunks / threads);
    const { milliseconds } = await run([tensor("t", chunks, TIES)], threads, times);
    expect(milliseconds).toBe(10 + rounds * 11_100);
  });

  it("measures all tensors before it combines one, in scope model", async () => {
    const times = {
      ...{ sample: { busy: 10 }, trim: { busy: 100 }, slack: { busy: 1000 }, combine: { busy: 10_000 } },
    };
    const works = [tensor("a", 2, TIES), tensor("b", 2, TIES)];
    const { milliseconds } = await run(works, 4, times, { isModelScope: true });
    expect(milliseconds).toBe(11_110);
  });

  it("fails as its times do", async () => {
    const times = () => {
      throw new Error("no such time");
    };
    const merge = { works: linear(2), isModelScope: false, threads: 1 };
    await expect(simulate(engine, merge, times, FREE)).rejects.toThrow("no such time");
  });
});
