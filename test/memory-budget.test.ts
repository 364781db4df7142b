/** How many threads and chunks a bound on memory allows. */
import { describe, expect, it } from "vitest";
import { chunksPerThreadOf, memoryBudget } from "../src/memory-budget.ts";

it("more threads have fewer chunks each, and at least one", () => {
  expect([1, 2, 3, 4, 8, 9, 64].map(chunksPerThreadOf)).toEqual([4, 4, 2, 2, 2, 1, 1]);
});

describe("a bound on memory", () => {
  it("changes nothing where there is enough", () => {
    const free = memoryBudget({ threads: 8 });
    expect(free).toMatchObject({ threads: 8, chunksPerThread: 2 });
    expect(memoryBudget({ threads: 8, maxMemoryBytes: free.peakBytes })).toEqual(free);
  });

  it("takes chunks first, then threads, and is always kept", () => {
    let last = memoryBudget({ threads: 8 });
    const seen = new Set<string>();
    for (let maxMemoryBytes = 400e6; maxMemoryBytes >= 130e6; maxMemoryBytes -= 1e6) {
      const budget = memoryBudget({ threads: 8, maxMemoryBytes });
      expect(budget.peakBytes).toBeLessThanOrEqual(maxMemoryBytes);
      expect(budget.threads).toBeLessThanOrEqual(last.threads);
      if (budget.threads === last.threads)
        expect(budget.chunksPerThread).toBeLessThanOrEqual(last.chunksPerThread);
      // One thread less leaves room for chunks only if a thread with one chunk did not fit any more.
      if (budget.threads < last.threads) expect(last.chunksPerThread).toBe(1);
      seen.add(`${budget.threads} × ${budget.chunksPerThread}`);
      last = budget;
    }
    expect(last.threads).toBe(1);
    expect(seen.size).toBeGreaterThan(8);
  });

  it("below the least possible is refused with that figure", () => {
    const least = (options: object) => {
      try {
        memoryBudget({ threads: 4, maxMemoryBytes: 1e6, ...options });
      } catch (error) {
        expect(error).toMatchObject({ code: "USAGE", message: expect.stringMatching(/at least \d+ MB/) });
        return (error as { details: { required: number } }).details.required;
      }
      throw new Error("nothing was refused");
    };
    const plain = least({});
    expect(memoryBudget({ threads: 4, maxMemoryBytes: plain })).toMatchObject({
      threads: 1,
      chunksPerThread: 1,
    });
    expect(least({ chunkElements: 4096 })).toBeLessThan(plain);
    expect(least({ format: "gguf" })).toBeGreaterThan(plain);
  });
});
