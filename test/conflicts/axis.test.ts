/** Where checkpoints stand on the axis, told from their names. */
import { describe, expect, it } from "vitest";
import { axisOf, numberInName } from "../../src/conflicts/series.ts";

describe("the number in a name", () => {
  it.each([
    ["runs/ct-1.6B", 1.6e9],
    ["checkpoint-2000", 2000],
    ["ct-200k-tokens", 200_000],
    ["llama-2-7b-ct-14.4B", 14.4e9],
    ["org/ct-bn@step-30", null],
    ["org/ct-300@main", 300],
    ["step500best", 500],
    ["ct-x", null],
  ])("of %s is %s", (name, number) => {
    expect(numberInName(name)).toBe(number);
  });
});

describe("the axis", () => {
  it("is what is given, else the numbers in the names where they ascend, else the order", () => {
    expect(axisOf(["a", "b"], { x: [3, 5], xTitle: "tokens" })).toEqual({ x: [3, 5], title: "tokens" });
    expect(axisOf(["ct-100", "ct-200"], {}).x).toEqual([100, 200]);
    expect(axisOf(["ct-200", "ct-100"], {})).toEqual({ x: [1, 2], title: "checkpoint" });
    expect(axisOf(["ct-100", "final"], {}).x).toEqual([1, 2]);
  });
});
