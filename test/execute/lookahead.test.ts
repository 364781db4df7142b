/** Items are prepared before their turn: a few of them, and no more than the window holds. */
import { expect, it } from "vitest";
import { Lookahead } from "../../src/execute/lookahead.ts";

function prepared(costs: readonly number[], limit: number, taken: number): number[] {
  const begun: number[] = [];
  const items = costs.map((cost, index) => ({ cost, index }));
  const lookahead = new Lookahead(items, { costOf: ({ cost }) => cost, limit }, async ({ index }) => {
    begun.push(index);
  });
  for (let index = 0; index < taken; index++) lookahead.take(index);
  return begun;
}

it("prepares an item that is taken, and those after it up to the limit", () => {
  expect(prepared([9, 9, 9], 0, 1)).toEqual([0]);
  expect(prepared([9, 3, 3, 3], 6, 1)).toEqual([0, 1, 2]);
  // One that goes beyond it is prepared, too: else none that is large ever were.
  expect(prepared([1, 5, 100, 1], 6, 1)).toEqual([0, 1, 2]);
  expect(prepared([1, 5, 100, 1], 6, 2)).toEqual([0, 1, 2]);
  expect(prepared([1, 5, 100, 1], 6, 3)).toEqual([0, 1, 2, 3]);
});

it("prepares at most eight ahead, and each once", () => {
  const all = Array.from({ length: 12 }, (_, i) => i);
  expect(prepared(new Array(12).fill(0), 1, 1)).toEqual(all.slice(0, 9));
  expect(prepared(new Array(12).fill(0), 1, 12)).toEqual(all);
});

it("gives what was prepared once, failures included", async () => {
  const lookahead = new Lookahead([1, 2], { costOf: () => 1, limit: 9 }, async (item) => {
    if (item === 2) throw new Error("2 failed");
    return item * 10;
  });
  expect(await lookahead.take(0)).toBe(10);
  await expect(lookahead.take(1)).rejects.toThrow("2 failed");
  expect(() => lookahead.take(1)).toThrow("item 1 was taken twice");
});
