/** No more is under way at once than is allowed, and a failure stops what has not begun. */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forEachInFlight, Gate } from "../../src/execute/in-flight.ts";

describe("work in flight", () => {
  it("starts in order, stays within the limit, and is all done at the end", async () => {
    const costs = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(costs, fc.integer({ min: 1, max: 10 }), async (items, limit) => {
        const started: number[] = [];
        let [inside, running, done] = [0, 0, 0];
        await forEachInFlight(
          items.entries(),
          limit,
          ([, cost]) => cost,
          async ([index, cost]) => {
            started.push(index);
            inside += cost;
            running += 1;
            // What is larger than the limit runs alone.
            expect(inside <= limit || running === 1).toBe(true);
            await sleep((index * 7) % 3);
            inside -= cost;
            running -= 1;
            done += 1;
          },
        );
        expect(started).toEqual([...items.keys()]);
        expect(done).toBe(items.length);
      }),
      { numRuns: 30 },
    );
  });

  it("after a failure starts nothing new, waits for what runs, and throws the first error", async () => {
    const started: number[] = [];
    const finished: number[] = [];
    const working = forEachInFlight(
      [0, 1, 2, 3, 4],
      2,
      () => 1,
      async (item) => {
        started.push(item);
        await sleep(item === 1 ? 1 : 20);
        if (item > 0) throw new Error(`item ${item}`);
        finished.push(item);
      },
    );
    await expect(working).rejects.toThrow("item 1");
    expect({ started, finished }).toEqual({ started: [0, 1], finished: [0] });
  });
});

it("a gate lets a small one wait its turn behind a large one", async () => {
  const gate = new Gate(4);
  const entered: string[] = [];
  const enter = async (name: string, cost: number) => {
    await gate.enter(cost);
    entered.push(name);
  };
  await enter("first", 3);
  const [large, small] = [enter("large", 4), enter("small", 1)];
  await sleep(1);
  expect(entered).toEqual(["first"]);
  gate.leave(3);
  await large;
  expect(entered).toEqual(["first", "large"]);
  gate.leave(4);
  await small;
});
