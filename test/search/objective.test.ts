/** One number from several scores. */
import { describe, expect, it } from "vitest";
import { describeObjective, objectiveOf } from "../../src/search/objective.ts";

const scores = [
  { task: "tc", language: "X", value: 0.2 },
  { task: "math", language: "X", value: 0.4 },
  { task: "tc", language: "Y", value: 0.9 },
];

describe("an objective", () => {
  it("averages over tasks, then over languages, as the paper's Table 3", () => {
    expect(objectiveOf({ kind: "average" }, scores)).toBeCloseTo((0.3 + 0.9) / 2, 12);
  });

  it("takes the worst task", () => {
    expect(objectiveOf({ kind: "worst" }, scores)).toBe(0.2);
  });

  it("takes one language", () => {
    expect(objectiveOf({ kind: "language", language: "X" }, scores)).toBeCloseTo(0.3, 12);
  });

  it("weighs tasks, one in a language before one in all", () => {
    const weights = { tc: 1, "tc:Y": 3 };
    expect(objectiveOf({ kind: "weighted", weights }, scores)).toBeCloseTo((0.2 + 3 * 0.9) / 4, 12);
  });

  it("says in words what it is", () => {
    const weights = { tc: 1, "tc:Y": 3 };
    expect(describeObjective({ kind: "weighted", weights })).toBe("the weighted average of 1 × tc, 3 × tc:Y");
    expect(describeObjective({ kind: "language", language: "X" })).toContain("in X");
  });
});
