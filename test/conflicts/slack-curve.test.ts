/** Shares that give exactly so many back, and the knee of a curve. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kneeOf, shareThatGives } from "../../src/conflicts/slack-curve.ts";

it("a share gives the count back as a merge rounds it, for any count and total", () => {
  const totals = fc.integer({ min: 1, max: 2 ** 40 });
  fc.assert(
    fc.property(totals, fc.double({ min: 0, max: 1, noNaN: true }), (total, part) => {
      const count = Math.floor(part * total);
      const share = shareThatGives(count, total);
      expect(Math.floor(share * total)).toBe(count);
      expect(share).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2000 },
  );
});

describe("the knee", () => {
  const curve = (values: readonly number[]) =>
    values.map((largestForgiven, i) => ({ slack: (i + 1) / 100, given: i + 1, largestForgiven }));

  it("is where a curve that bends upwards is farthest below its chord", () => {
    expect(kneeOf(curve([1, 2, 3, 4, 20, 40, 60]))?.largestForgiven).toBe(4);
  });

  it("is nowhere on a line, on a curve that bends downwards, without losses, or where nothing is forgiven", () => {
    expect(kneeOf(curve([10, 20, 30, 40]))).toBeNull();
    expect(kneeOf(curve([30, 38, 40]))).toBeNull();
    expect(kneeOf([])).toBeNull();
    expect(kneeOf(curve([0]))).toBeNull();
  });
});
