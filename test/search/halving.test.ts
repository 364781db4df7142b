/** Successive halving: rounds and who goes on. */
import { describe, expect, it } from "vitest";
import { roundsOf, survivors } from "../../src/search/halving.ts";

describe("rounds", () => {
  it("have ever more rows, the last all of them", () => {
    expect(roundsOf({ rows: 10, factor: 3 }, 100)).toEqual([10, 30, 90, 100]);
    expect(roundsOf({ rows: 4, factor: 1.5 }, 10)).toEqual([4, 6, 9, 10]);
  });

  it("are one without halving, or with fewer rows than its first", () => {
    expect(roundsOf(null, 50)).toEqual([50]);
    expect(roundsOf({ rows: 50, factor: 3 }, 50)).toEqual([50]);
    expect(roundsOf({ rows: 80, factor: 3 }, 50)).toEqual([50]);
  });
});

describe("survivors", () => {
  const round = [0.1, 0.5, null, 0.5, 0.9, 0.2, 0.5].map((objective, number) => ({ number, objective }));

  it("are the best third, of equals the first, in the order of their numbers", () => {
    expect(survivors(round, 3).map(({ number }) => number)).toEqual([1, 3, 4]);
  });

  it("are at least one, and none that failed", () => {
    expect(survivors(round.slice(0, 1), 3)).toHaveLength(1);
    expect(survivors([{ number: 0, objective: null }], 3)).toEqual([]);
  });
});
